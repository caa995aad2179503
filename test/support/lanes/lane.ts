/** The program of a lane of `npm test`: runs the files it is told, one after another, and answers how each went. */
import Mocha, { type MochaOptions } from 'mocha';
import { messageOf } from '@capstan/shared/contract/errors';
import type { LaneResult, LaneTask } from '../../../scripts/tests/lane.ts';
import { STARTED } from '../../../scripts/parts/program.ts';
import { readMochaWords } from '../../../scripts/tests/mocha-words.ts';
import { mochaHooks } from '../root-hooks.ts';
import { failuresOf, LaneReporter } from './lane-reporter.ts';

const options = readMochaWords(process.argv.slice(2)).options as MochaOptions;
const current: { run?: Mocha.Runner } = {};
/** Of gateways and runners, so far: what they compute before they are ready is much of what all tests do. */
const started = { services: 0 };
STARTED.subscribe((name) => {
  if (name === 'gateway' || name === 'runner') started.services += 1;
});

process.on('message', (task: LaneTask) => {
  runFile(task).then(
    (result) => process.send?.(result),
    // What can't be loaded has no tests that could fail.
    (error: unknown) => {
      console.error(error);
      const failures = `  The file could not be run: ${messageOf(error)}\n`;
      process.send?.({ passed: 0, failed: 1, skipped: 0, failures, starts: 0 } satisfies LaneResult);
    },
  );
});
// No more files. What a file leaves behind has failed it, so that nothing is cut off here.
process.on('disconnect', () => process.exit());
// As mocha itself does it: the tests that follow are left out, what was begun is tidied up. Whoever can't wait asks twice.
process.once('SIGINT', () => current.run?.abort());

async function runFile({ file }: LaneTask): Promise<LaneResult> {
  const startsBefore = started.services;
  const mocha = new Mocha({ ...options, reporter: LaneReporter, rootHooks: mochaHooks });
  mocha.addFile(file);
  await mocha.loadFilesAsync();
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = mocha.run(() => resolve());
  current.run = run;
  await promise;
  delete current.run;
  // Else it listens on, and each rejection that nobody handles goes round all the runs that there were: twice as long for each of them.
  run.dispose();
  const { passes = 0, failures = 0, pending = 0 } = run.stats ?? {};
  const starts = started.services - startsBefore;
  return { passed: passes, failed: failures, skipped: pending, failures: failuresOf(run), starts };
}
