import type { Bus } from '@capstan/shared/bus/connect';
import { hasCode } from '@capstan/shared/contract/errors';
import type { AssetInput } from '@capstan/shared/contract/job';
import type { Log } from '@capstan/shared/runtime/log';
import { messageOf } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createFileChecks } from '../../../../services/gateway/src/files/file-checks.ts';
import { createFileInfos } from '../../../../services/gateway/src/files/file-infos.ts';
import { fileBudgetsOf } from '../../../../services/gateway/src/limits/file-budgets.ts';

const ONE = '192.0.2.0/24';
const OTHER = '198.51.100.0/24';

describe('downloads that strangers ask for', () => {
  const clock = { now: () => 0, monotonicMs: () => 0 };
  let files = 0;
  /** How many of those questions reach a runner. */
  const asked = async (count: number, ask: (index: number) => Promise<unknown>) => {
    let isAsked = 0;
    for (let i = 0; i < count; i += 1) {
      await ask((files += 1)).then(
        () => (isAsked += 1),
        (error: unknown) => {
          if (!hasCode(error, 'TOO_MANY_REQUESTS')) throw error;
        },
      );
    }
    return isAsked;
  };
  const parts = ({ answer = {} } = {}) => {
    let downloads = 0;
    const request = () => {
      downloads += 1;
      return Promise.resolve({ string: () => JSON.stringify({ v: 1, files: [], filesChecksum: null, ...answer }) });
    };
    const bus = { connection: () => ({ request }) } as unknown as Bus;
    const log = { debug: () => undefined } as unknown as Log;
    const budgets = fileBudgetsOf({ fileInfosPerHour: 6_000, fileChecksPerHour: 120 }, clock);
    const options = { bus, clock, log, seal: (text: string) => text, ...budgets };
    return { infos: createFileInfos(options), checks: createFileChecks(options), downloads: () => downloads };
  };

  it('leave the greater part to other networks, though one asks without an end', async () => {
    const { infos } = parts();
    const ask = (network: string) => (index: number) =>
      infos.ofFile({ type: 'url', url: `https://10.0.0.1/${index}`, method: 'GET' }, true, network);
    expect(await asked(60, ask(ONE))).to.equal(7);
    expect(await asked(60, ask(OTHER))).to.equal(7);
  });

  it('say of what there was too much, and which setting it is', async () => {
    const { infos } = parts();
    const ask = (index: number) =>
      infos.ofFile({ type: 'url', url: `https://10.0.0.1/${index}`, method: 'GET' }, false, ONE);
    let said = '';
    for (let index = 0; index < 1_000 && said === ''; index += 1) said = await ask(index).then(() => '', messageOf);
    expect(said).to.match(/^Too many questions about files .*gateway\.limits\.fileInfosPerHour.*Try again in \d+ s/);
  });

  it('count for quotes, too, which say nothing of the files then', async () => {
    const { infos, checks, downloads } = parts();
    const asset = (index: number) =>
      ({ serviceId: 's', ddo: { id: `did:op:${index}`, metadata: {}, services: [] } }) as unknown as AssetInput;
    await asked(60, (index) => checks.checksumOf(asset(index), ONE));
    expect(downloads()).to.equal(7);
    const file = { type: 'url', url: 'https://10.0.0.1/', method: 'GET' } as const;
    expect(await asked(1, () => infos.ofFile(file, true, ONE))).to.equal(0);
    expect(await asked(1, () => infos.ofFile(file, true, OTHER))).to.equal(1);
  });

  it('are no share of what is only looked at', async () => {
    const { infos } = parts();
    const look = (index: number) =>
      infos.ofFile({ type: 'url', url: `https://10.0.0.1/${index}`, method: 'GET' }, false, ONE);
    expect(await asked(60, look)).to.equal(60);
  });

  for (const [what, answer] of Object.entries({
    'that have no public address': { isRefused: true },
    'that no runner looked at': { files: undefined, filesChecksum: undefined, problem: 'busy' },
  })) {
    it(`${what} take nothing from the node's budget, however many networks ask`, async () => {
      const { infos, checks, downloads } = parts({ answer });
      const networks = Array.from({ length: 40 }, (_, index) => `203.0.113.${index}`);
      for (const network of networks) {
        await asked(7, (index) =>
          infos.ofFile({ type: 'url', url: `https://10.0.0.1/${index}`, method: 'GET' }, true, network),
        );
      }
      // Each had its share, and there is as much for an honest one.
      expect(downloads()).to.equal(40 * 7);
      const asset = { serviceId: 's', ddo: { id: 'did:op:1', metadata: {}, services: [] } } as unknown as AssetInput;
      await checks.checksumOf(asset, OTHER);
      expect(downloads()).to.equal(40 * 7 + 1);
    });
  }

  describe('whose sources say nothing', () => {
    /** Answers no question until it is told to. */
    const silent = () => {
      let answer = () => undefined as unknown;
      const said = new Promise((resolve) => (answer = () => resolve(undefined)));
      let questions = 0;
      const request = async () => {
        questions += 1;
        await said;
        return { string: () => JSON.stringify({ v: 1, files: [], filesChecksum: null }) };
      };
      const bus = { connection: () => ({ request }) } as unknown as Bus;
      const log = { debug: () => undefined } as unknown as Log;
      const budgets = fileBudgetsOf({ fileInfosPerHour: 6_000, fileChecksPerHour: 6_000 }, clock);
      const options = { bus, clock, log, seal: (text: string) => text, ...budgets };
      return { options, answer: () => answer(), questions: () => questions };
    };
    const settle = () => new Promise((resolve) => setImmediate(resolve));

    it('hold the places of one network, and none of the others', async () => {
      const { options, answer, questions } = silent();
      const infos = createFileInfos(options);
      const look = (network: string, index: number) =>
        infos.ofFile({ type: 'url', url: `https://example.org/${index}`, method: 'GET' }, false, network);
      const theirs = Array.from({ length: 8 }, (_, index) => look(ONE, index));
      const outcomes = Promise.allSettled(theirs);
      const honest = look(OTHER, 100);
      await settle();
      expect(questions()).to.equal(3);
      answer();
      expect(await honest).to.deep.equal([]);
      const refused = (await outcomes).filter(({ status }) => status === 'rejected');
      expect(refused).to.have.length(6);
      // And they are free again.
      expect(await look(ONE, 200)).to.deep.equal([]);
    });

    it('leave a place for the check of another network', async () => {
      const { options, answer } = silent();
      const checks = createFileChecks(options);
      const asset = (index: number) =>
        ({ serviceId: 's', ddo: { id: `did:op:${index}`, metadata: {}, services: [] } }) as unknown as AssetInput;
      const theirs = Array.from({ length: 8 }, (_, index) => checks.checksumOf(asset(index), ONE));
      let isHonestAnswered = false;
      const honest = checks.checksumOf(asset(100), OTHER).then(() => (isHonestAnswered = true));
      await settle();
      // It waits for its turn: where there is no place, the answer comes at once, and says nothing.
      expect(isHonestAnswered).to.equal(false);
      answer();
      await Promise.all([...theirs, honest]);
    });
  });
});
