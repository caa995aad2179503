/** What a job takes in: how much it still may, and how much of it has come. One for each time that its volumes are filled. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import type { Allowance, Watcher } from '../fetch/fetcher.ts';
import type { Meter } from '../reporting/progress.ts';

export interface Intake {
  readonly watcher: Watcher;
  allowance(): Allowance;
}

interface IntakeOptions {
  readonly maxBytes: number;
  /** Of all assets together; undefined if one of them is with somebody who doesn't say. */
  readonly files: number | undefined;
  readonly meter: Pick<Meter, 'add' | 'expect'>;
}

export function createIntake({ maxBytes, files, meter }: IntakeOptions): Intake {
  let [takenBytes, knownBytes, unopened] = [0, 0, files ?? Number.POSITIVE_INFINITY];
  const exceeded = () =>
    new CapstanError(
      'FETCH_FAILED',
      `all files of the job together are larger than ${maxBytes / GB} GB, the most this node takes`,
    );
  return {
    allowance: () => ({ leftBytes: maxBytes - takenBytes, exceeded }),
    watcher: {
      opened(sizeBytes = Number.NaN) {
        unopened -= 1;
        knownBytes += sizeBytes;
        // A total that grew while it was told would show a job as nearly done that is not.
        if (unopened === 0 && !Number.isNaN(knownBytes)) meter.expect(knownBytes);
      },
      passed(bytes) {
        takenBytes += bytes;
        meter.add(bytes);
      },
    },
  };
}
