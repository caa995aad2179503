/** What a run did, as a table for a page, PURE. */
import type { FaultEntry } from '../support/audit/traces/entries.ts';

export function faultTable(faults: readonly FaultEntry[]): readonly string[] {
  const byName = [...Map.groupBy(faults, ({ id, name }) => `${id} | ${name}`)].toSorted(([one], [other]) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  const rows = byName.map(([name, all]) => {
    const comebacks = all.flatMap(({ comebacksMs }) => comebacksMs).toSorted((one, other) => one - other);
    const [middle, longest] = [comebacks[Math.floor(comebacks.length / 2)], comebacks.at(-1)];
    const back = middle === undefined || longest === undefined ? '' : `${seconds(middle)}, ${seconds(longest)}`;
    return `| ${name} | ${all.length} | ${back} |`;
  });
  return ['| | fault | times | back at work after (median, longest) |', '| --- | --- | --: | --- |', ...rows];
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
