/**
 * Loaded into a runner before its own code: kills it, as a fault of a library would, each time that one job comes to one of its steps.
 * The plan is a file: which job, at which step, and `hurried` if most of its deaths shall only be told, not died: each is a start of a
 * runner.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DEATHS_ALONE, DEATHS_WITH_OTHERS } from '../../../services/runner/src/pipeline/step-notes.ts';

interface Note {
  readonly deaths: Readonly<Record<string, { readonly withOthers: number; alone: number }>>;
}

interface Step {
  readonly jobId: string;
  readonly step: string;
}

const { PLANTED_FAULT: plan = '' } = process.env;

subscribe('capstan:runner:step', (message) => {
  const { jobId, step } = message as Step;
  // Written once the job has an id.
  const [poisonous, deadly, pace] = readFileSync(plan, 'utf8').split(' ');
  if (jobId !== poisonous || step !== deadly) return;
  if (pace === 'hurried') tellDeaths(join(dirname(plan), 'scratch', 'steps', `${jobId}-1`));
  process.kill(process.pid, 'SIGKILL');
});

/** Once it has died over the job with others: all its deaths over it alone but two. */
function tellDeaths(path: string): void {
  const note = JSON.parse(readFileSync(path, 'utf8')) as Note;
  for (const of of Object.values(note.deaths)) {
    if (of.withOthers === DEATHS_WITH_OTHERS && of.alone < DEATHS_ALONE - 2) of.alone = DEATHS_ALONE - 2;
  }
  writeFileSync(path, JSON.stringify(note));
}
