import { expect } from 'chai';
import type { AssetInput } from '@capstan/shared/contract/job';
import { createCheckNotes, DEATHS } from '../../../../services/runner/src/files/check-notes.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

const asset = (files: string) =>
  ({ serviceId: 'one', ddo: { services: [{ id: 'one', files }] } }) as unknown as AssetInput;
const poison = asset('0x01');

/** A life of the runner that ends amid the look. */
const dieOver = (dir: string) =>
  new Promise<void>((resolve, reject) => {
    createCheckNotes(dir)
      .during(poison, () => {
        resolve();
        return new Promise(() => undefined);
      })
      .catch(reject);
  });

describe('notes of looks at files', () => {
  it('give up an asset that the runner died over, and no other', async () => {
    await using folder = await temporaryFolder('notes');
    for (let death = 0; death < DEATHS; death += 1) {
      expect(await createCheckNotes(folder.path).during(asset('0x02'), () => Promise.resolve('fine'))).to.equal('fine');
      await dieOver(folder.path);
    }
    const notes = createCheckNotes(folder.path);
    expect(await notes.during(poison, () => Promise.resolve('fine'))).to.equal(undefined);
    expect(await notes.during(asset('0x02'), () => Promise.resolve('fine'))).to.equal('fine');
  });

  it('forget what went well, or failed without harm', async () => {
    await using folder = await temporaryFolder('notes');
    for (let death = 1; death < DEATHS; death += 1) await dieOver(folder.path);
    const failing = createCheckNotes(folder.path).during(poison, () => Promise.reject(new Error('gone')));
    expect(await failing.catch(String)).to.equal('Error: gone');
    await dieOver(folder.path);
    expect(await createCheckNotes(folder.path).during(poison, () => Promise.resolve('fine'))).to.equal('fine');
  });
});
