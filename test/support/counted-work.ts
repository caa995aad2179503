/**
 * How much JavaScript runs, counted by the engine and not by a clock: each piece of code by how often it ran, times how long it is. What
 * is built into the engine (a search, a sort, JSON.parse) counts as one step, whatever it takes; the bench of refusals sees that.
 */
import { Session } from 'node:inspector/promises';

export interface CountedWork extends AsyncDisposable {
  /** Steps of a piece of work. What happens at its first time only, such as compiling, is the caller's to do before. */
  of(work: () => unknown): Promise<number>;
}

export async function countWork(): Promise<CountedWork> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return {
    async of(work) {
      await session.post('Profiler.takePreciseCoverage');
      await work();
      const { result } = await session.post('Profiler.takePreciseCoverage');
      return result.flatMap(({ functions }) => functions).reduce((sum, { ranges }) => sum + stepsOf(ranges), 0);
    },
    async [Symbol.asyncDispose]() {
      await session.post('Profiler.stopPreciseCoverage');
      session.disconnect();
    },
  };
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Ranges lie inside one another, outer ones first; the code of an inner one counts as often as that ran. */
function stepsOf(ranges: readonly Range[]): number {
  const outer: Range[] = [];
  let steps = 0;
  for (const range of ranges) {
    while (outer.length > 0 && (outer.at(-1)?.endOffset ?? 0) <= range.startOffset) outer.pop();
    steps += (range.endOffset - range.startOffset) * (range.count - (outer.at(-1)?.count ?? 0));
    outer.push(range);
  }
  return steps;
}
