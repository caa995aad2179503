/** What tests of the hostile store share: clients of more and of less patience, and what a refusal must look like. */
import { expect } from 'chai';
import { hasCode } from '@capstan/shared/contract/errors';
import type { Objects } from '@capstan/shared/results/objects';
import { createS3 } from '@capstan/shared/results/s3';
import { HOSTILE_BUCKET, type HostileS3, type Lie, type Operation } from './hostile-s3.ts';
import type { Told } from './hostile-server.ts';

const KEY = { accessKeyId: 'id', secretAccessKey: 'key' };

type Store = Pick<HostileS3, 'endpoint'>;

const LONG_MS = 120_000;

/** Waits for an answer however busy the machine is. */
export const objectsIn = (store: Store): Objects => withPatience(store, LONG_MS, LONG_MS, LONG_MS);

/** Loses patience soon, for stores that fall silent. */
export const hastyIn = (store: Store): Objects => withPatience(store, 400, 1_000, 300);

const withPatience = ({ endpoint }: Store, askMs: number, partMs: number, silenceMs: number): Objects =>
  createS3(
    { endpoint, region: 'r', bucket: HOSTILE_BUCKET, prefix: 'capstan', ...KEY },
    { askMs, partMs, silenceMs, againMs: 2 },
  );

/** Only of one operation, the first so many times. */
export const lie = (operation: Operation, how: (honest: Told) => Told, times = Number.POSITIVE_INFINITY): Lie => {
  return (asked, honest) => (asked.operation === operation && asked.count <= times ? how(honest) : undefined);
};

/** The reason of a refusal, which anybody may see: short, and nothing of the store's own words. */
export async function refused(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!hasCode(error, 'RESULTS_UNAVAILABLE')) expect.fail(`it was taken: ${String(error)}`);
  expect(error.message.length).to.be.lessThan(200);
  expect(error.message).not.to.match(/127\.0\.0\.1|http/);
  return error.message;
}
