import { createHash, randomBytes } from 'node:crypto';
import { parseAddress } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import { resultMessage, jobsMessage } from '../../../../services/gateway/src/auth/message.ts';
import { createReading } from '../../../../services/gateway/src/auth/reading.ts';
import { createRemove } from '../../../../services/gateway/src/admission/remove.ts';
import { createStop } from '../../../../services/gateway/src/admission/stop.ts';
import { MOST_TEXTS } from '../../../../services/gateway/src/store/used-texts.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const wallet = new Wallet(Wallet.createRandom().privateKey);
const consumerAddress = wallet.address;
const sign = (text: string) => wallet.signMessageSync(getBytes(keccak256(toUtf8Bytes(text))));
const codeOf = (error: unknown) => (error instanceof CapstanError ? error.code : String(error));
const outcomeOf = (work: Promise<unknown>) => work.then(() => 'done', codeOf);

describe('the text of a result', () => {
  const aScene = async (admit: () => void = () => undefined) => {
    const parts = gatewayParts();
    const { store, nonces } = parts;
    const owner = parseAddress(consumerAddress);
    if (!owner) throw new Error('no address');
    const jobId = aJobId();
    await store.write(() => store.jobs.add({ ...aNewJob(), owner }, '{}'));
    const { prove } = parts.authenticate;
    const act: typeof prove = async (...asked) => {
      const caller = await prove(...asked);
      admit();
      return caller;
    };
    const authenticate = { ...parts.authenticate, admit, act };
    const reading = createReading({ store, authenticate, nonces });
    const finishDeletion = () => Promise.reject(new Error('nothing is deleted'));
    const look = () => undefined;
    const remove = createRemove({ ...parts, finishDeletion, look });
    const stop = createStop({ ...parts, look, acceptsNonceless: false, isOperator: () => false });
    const read = (nonce: string) => {
      const text = (given: string) => resultMessage({ consumerAddress, jobId, index: '5', nonce: given });
      const credentials = { consumerAddress, nonce, signature: sign(text(nonce)) };
      const request = reading({
        jobId,
        credentials,
        proof: undefined,
        network: '192.0.2.1',
        signing: { purpose: 'result', text },
        open: () => 'the result',
      });
      return { request, signature: credentials.signature, digest: createHash('sha256').update(text(nonce)).digest() };
    };
    return { store, jobId, read, remove, stop };
  };

  it('that was refused for whatever reason serves for nothing else', async () => {
    const { store, jobId, read, remove, stop } = await aScene(() => {
      throw new CapstanError('TOO_MANY_REQUESTS', 'Later.');
    });
    const { request, signature, digest } = read('17');
    expect(await outcomeOf(request)).to.equal('TOO_MANY_REQUESTS');
    expect(store.usedTexts.purposeOf(digest)).to.equal('result');
    const stolen = { consumerAddress, jobId, nonce: '517', signature };
    expect(await outcomeOf(remove(stolen))).to.equal('INVALID_SIGNATURE');
    expect(await outcomeOf(stop(stolen))).to.equal('INVALID_SIGNATURE');
    expect(store.jobs.find(jobId)).to.include({ want: 'run' });
  });

  it('that can not be remembered any more is no act either, and another text about that job is none', async () => {
    const { store, jobId, read, remove, stop } = await aScene();
    await store.write(() => {
      for (let i = 0; i < MOST_TEXTS; i += 1) store.usedTexts.add(randomBytes(32), 'result', jobId);
    });
    const { request, signature } = read('17');
    expect(await outcomeOf(request)).to.equal('TOO_MANY_REQUESTS');
    const stolen = { consumerAddress, jobId, nonce: '517', signature };
    expect(await outcomeOf(remove(stolen))).to.equal('INVALID_SIGNATURE');
    expect(await outcomeOf(stop(stolen))).to.equal('INVALID_SIGNATURE');
    const own = { ...stolen, nonce: '9', signature: sign(jobsMessage({ consumerAddress, jobId, nonce: '9' })) };
    expect(await outcomeOf(remove(own))).to.equal('INVALID_SIGNATURE');
    expect(store.jobs.find(jobId)).to.include({ want: 'run' });
  });
});
