import { expect } from 'chai';
import { firstRecordIn, recordsIn } from '../../../../services/gateway/src/assets/record.ts';
import { RECORD_TOPICS } from '../../../../services/gateway/src/chain/topics.ts';

const NFT = `0x${'ab'.repeat(20)}`;
const hex = (number: number) => `0x${number.toString(16)}`;

function aLog(block: number, index = 0, address = NFT) {
  return { address, topics: [String(RECORD_TOPICS[1])], data: '0x', blockNumber: hex(block), logIndex: hex(index) };
}

/** Counts what is decoded; good are the records of the blocks that are named. */
function aParser(...good: readonly number[]) {
  const tried: number[] = [];
  const parse = ({ blockNumber }: { blockNumber: string }) => {
    const block = Number(blockNumber);
    tried.push(block);
    return good.includes(block) ? { blockNumber: block, flags: 0, data: new Uint8Array(), hash: '' } : undefined;
  };
  return { tried, parse };
}

describe('the records of an NFT', () => {
  const thousands = Array.from({ length: 10_000 }, (_, index) => aLog(10_000 - index));

  it('are decoded from the newest on, up to the first that is one', () => {
    const { tried, parse } = aParser(9_998, 500, 3);
    const records = recordsIn(thousands, NFT, parse);
    expect(tried).to.deep.equal([]);
    expect(records?.newest()?.blockNumber).to.equal(9_998);
    expect(records?.newest(501)?.blockNumber).to.equal(500);
    expect(tried).to.deep.equal([10_000, 9_999, 9_998, 501, 500]);
  });

  it('are not looked for among any number of events that are none', () => {
    const { tried, parse } = aParser(3);
    expect(recordsIn(thousands, NFT, parse)?.newest()).to.equal(undefined);
    expect(tried).to.have.length(50);
  });

  it('in a transaction are looked at once, however many contracts there are', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      aLog(7, index, `0x${index.toString(16).padStart(40, '0')}`),
    );
    const nobody = aParser();
    expect(firstRecordIn(many, undefined, nobody.parse)).to.equal(undefined);
    expect(nobody.tried).to.have.length(50);
    const one = aParser(7);
    expect(firstRecordIn([...many, aLog(7, 9_000)], NFT.toUpperCase().replace('0X', '0x'), one.parse)).to.include({
      nftAddress: NFT,
    });
    expect(one.tried).to.deep.equal([7]);
  });
});
