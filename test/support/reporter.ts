/** Mocha's own readable report, and as the very last line the counts alone: `N passed, N failed, N skipped`. */
import { writeFileSync } from 'node:fs';
import Mocha, { type MochaOptions, type Runner } from 'mocha';

interface Counts {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

// oxlint-disable-next-line import/no-default-export -- where mocha looks for a reporter, which must be a constructor
export default function CountingReporter(runner: Runner, options: MochaOptions) {
  const spec = new Mocha.reporters.Spec(runner, options);
  // After the report itself, which listens to the same event.
  runner.once('end', () => {
    const { passes, failures, pending }: Counts = spec.stats;
    const counts = `${passes} passed, ${failures} failed, ${pending} skipped`;
    const { countsFile } = (options.reporterOptions ?? {}) as { readonly countsFile?: string };
    // `npm test` has more to say before the last line.
    if (countsFile === undefined) console.log(counts);
    else writeFileSync(countsFile, counts);
  });
}
