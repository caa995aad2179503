/** What a run in lanes says on the terminal. */
import type { Counts, FileResult } from './lane.ts';

const SLOWEST = 10;
const RULE = '─'.repeat(100);

/** A file's heading, all that was said while it ran, and what failed: at once, for those who can't wait for the end. */
export function showResult({ file, seconds, busySeconds, output, failed, failures }: FileResult): void {
  const heading = `── ${file}  ${inSeconds(seconds)}, busy ${inSeconds(busySeconds)}${failed > 0 ? `  ${failed} FAILED` : ''} `;
  console.log(`${heading.padEnd(RULE.length, '─')}\n${trimmed(output)}\n`);
  if (failed > 0) console.log(`${trimmed(failures)}\n`);
}

export function showEnd(results: readonly FileResult[], seconds: number): void {
  const slowest = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  const sum = (of: 'seconds' | 'busySeconds') => inSeconds(results.reduce((all, one) => all + one[of], 0));
  const whole = `${inSeconds(seconds)}, one by one ${sum('seconds')}, of which the processor was busy ${sum('busySeconds')}`;
  console.log(`${RULE}\n${results.length} files in ${whole}. The slowest:\n`);
  for (const one of slowest) {
    const [took, busy] = [one.seconds, one.busySeconds].map((time) => inSeconds(time).padStart(9));
    console.log(`${took}, busy ${busy}  ${one.file}`);
  }
  for (const { file, failures } of results.filter(({ failed }) => failed > 0)) {
    console.log(`\n── failed: ${file} `.padEnd(RULE.length + 1, '─'));
    console.log(trimmed(failures));
  }
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

const inSeconds = (seconds: number) => `${seconds.toFixed(1)} s`;
