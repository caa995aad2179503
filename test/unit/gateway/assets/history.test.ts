import { expect } from 'chai';
import { Interface } from 'ethers';
import { createHistory } from '../../../../services/gateway/src/assets/history.ts';
import type { Chain, Request } from '../../../../services/gateway/src/chain/provider.ts';

const NFT = `0x${'1'.repeat(40)}`;
const events = new Interface([
  'event MetadataCreated(address indexed by, uint8 state, string decryptorUrl, bytes flags, bytes data, bytes32 metaDataHash, uint256 timestamp, uint256 blockNumber)',
]);

function recordAt(block: number) {
  const values = [NFT, 0, '', '0x00', '0x7b7d', `0x${'2'.repeat(64)}`, 0, block];
  const { data, topics } = events.encodeEventLog('MetadataCreated', values);
  return { address: NFT, topics, data, blockNumber: `0x${block.toString(16)}`, logIndex: '0x0' };
}

/** A chain whose endpoint answers questions for logs as it is told. */
function aChain() {
  let head = 1_000;
  let logs: unknown;
  const answer = ({ method }: Request) => (method === 'eth_blockNumber' ? `0x${head.toString(16)}` : logs);
  const chain = {
    id: 1,
    settledAfter: 10,
    logBlocks: 100,
    ask: (...requests: readonly Request[]) => Promise.resolve(requests.map(answer)),
  } as unknown as Chain;
  return {
    chain,
    say(next: unknown) {
      head += 1;
      logs = next;
    },
  };
}

describe('the newest record of an NFT', () => {
  it('is still known after an endpoint gave no answer for a while', async () => {
    const { chain, say } = aChain();
    const history = createHistory();
    const look = () => history.look(chain, NFT, []);
    say([recordAt(500)]);
    expect((await look()).newest?.blockNumber).to.equal(500);
    say(undefined);
    expect(await look(), 'nobody knows whether there is a newer one').to.include({ isWhole: false });
    say([]);
    const seen = await look();
    expect([seen.isWhole, seen.newest?.blockNumber]).to.deep.equal([true, 500]);
  });
});
