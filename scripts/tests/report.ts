/** What a run in lanes says on the terminal. */
import type { Counts, FileResult } from './lane.ts';
import type { MachineTime } from './machine-time.ts';

const SLOWEST = 10;
const RULE = '─'.repeat(100);

/** A file's heading, all that was said while it ran, and what failed: at once, for those who can't wait for the end. */
export function showResult({ file, seconds, busySeconds, starts, output, failed, failures }: FileResult): void {
  const times = `${inSeconds(seconds)}, busy ${inSeconds(busySeconds)}${starts > 0 ? `, ${startsIn(starts)}` : ''}`;
  const heading = `── ${file}  ${times}${failed > 0 ? `  ${failed} FAILED` : ''} `;
  console.log(`${heading.padEnd(RULE.length, '─')}\n${trimmed(output)}\n`);
  if (failed > 0) console.log(`${trimmed(failures)}\n`);
}

export interface Whole {
  readonly seconds: number;
  /** Of the whole machine, meanwhile. */
  readonly machine: MachineTime;
}

export function showEnd(results: readonly FileResult[], { seconds, machine }: Whole): void {
  const slowest = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  const sum = (of: 'seconds' | 'busySeconds') => inSeconds(results.reduce((all, one) => all + one[of], 0));
  const whole = `${inSeconds(seconds)}, one by one ${sum('seconds')}, of which the processor was busy ${sum('busySeconds')}`;
  console.log(`${RULE}\n${results.length} files in ${whole}.`);
  console.log(`${aboutMachine(machine)}, with ${startsIn(results.reduce((all, one) => all + one.starts, 0))}.`);
  console.log(`${aboutLanes(results, seconds).join('\n')}\n\nThe slowest:\n`);
  for (const one of slowest) {
    const [took, busy] = [one.seconds, one.busySeconds].map((time) => inSeconds(time).padStart(9));
    console.log(`${took}, busy ${busy}  ${one.file}`);
  }
  for (const { file, failures } of results.filter(({ failed }) => failed > 0)) {
    console.log(`\n── failed: ${file} `.padEnd(RULE.length + 1, '─'));
    console.log(trimmed(failures));
  }
}

/** What no lane can know: with the engine and the containers. What lies idle could have been used by more lanes. */
export function aboutMachine({ busySeconds, idleSeconds }: MachineTime): string {
  const part = Math.round((100 * idleSeconds) / Math.max(0.01, busySeconds + idleSeconds));
  return `The machine as a whole was busy ${inSeconds(busySeconds)}, and ${part} % of it idle`;
}

/** How much of the run each lane had files to run, and how much of that it computed. */
export function aboutLanes(results: readonly FileResult[], seconds: number): readonly string[] {
  return [...new Set(results.map(({ lane }) => lane))].toSorted().map((lane) => {
    const own = results.filter((one) => one.lane === lane);
    const sum = (of: 'seconds' | 'busySeconds') => own.reduce((all, one) => all + one[of], 0);
    const part = Math.round((100 * sum('seconds')) / seconds);
    return `${lane}: ${own.length} files in ${inSeconds(sum('seconds'))} (${part} %), busy ${inSeconds(sum('busySeconds'))}`;
  });
}

export function sumOf(results: readonly Counts[]): Counts {
  const sum = (of: keyof Counts) => results.reduce((all, one) => all + one[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

const trimmed = (text: string) => text.replace(/^\n+|\n+$/g, '');

const startsIn = (count: number) => `${count} ${count === 1 ? 'start' : 'starts'} of a service`;

const inSeconds = (seconds: number) => `${seconds.toFixed(1)} s`;
