/** Mocha's readable report of one file, without its end: the failures of all files stand at the end of the run. */
import { format } from 'node:util';
import Mocha, { type Runner } from 'mocha';

const failed = new WeakMap<Runner, Mocha.Test[]>();

export class LaneReporter extends Mocha.reporters.Spec {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    failed.set(runner, this.failures);
  }

  override epilogue(): void {
    // Nothing: see failuresOf.
  }
}

/** What failed in a run and why, as mocha words it; empty if nothing did. */
export function failuresOf(runner: Runner): string {
  const failures = failed.get(runner) ?? [];
  if (failures.length === 0) return '';
  const { Base } = Mocha.reporters;
  const say = Base.consoleLog;
  const lines: string[] = [];
  Base.consoleLog = (...words: unknown[]) => void lines.push(format(...words));
  try {
    Base.list(failures);
  } finally {
    Base.consoleLog = say;
  }
  return `${lines.join('\n')}\n`;
}
