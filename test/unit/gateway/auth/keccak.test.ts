import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { keccak256 } from 'ethers';
import { keccakOf } from '../../../../services/gateway/src/auth/keccak.ts';

const bytesOf = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + first) % 256);

describe('the hash of a body', () => {
  it('is keccak-256, whatever its length', async () => {
    for (const length of [0, 1, 135, 136, 137, 65_535, 65_536, 65_537, 131_072, 200_000]) {
      const bytes = bytesOf(length, 7);
      expect(await keccakOf(bytes), String(length)).to.equal(keccak256(bytes));
    }
  });

  it('is its own, however many are made at once', async () => {
    const bodies = [300_000, 0, 70_000, 300_000, 10].map(bytesOf);
    expect(await Promise.all(bodies.map(keccakOf))).to.deep.equal(bodies.map((bytes) => keccak256(bytes)));
  });

  it('gives way to others between its slices', async () => {
    let isDone = false;
    const hashing = keccakOf(bytesOf(1_000_000, 3)).then(() => (isDone = true));
    for (let turn = 0; turn < 10; turn += 1) {
      expect(isDone, `after ${turn} turns`).to.equal(false);
      await setImmediate();
    }
    await hashing;
  });
});
