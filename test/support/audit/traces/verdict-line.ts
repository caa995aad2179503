/** A verdict as its last line says it, PURE. */
import type { Verdict } from './audit-folder.ts';

export function verdictLine({ violations, jobs, faults }: Verdict): string {
  const count = Object.values(faults).reduce((sum, times) => sum + times, 0);
  return `${violations.length} violations in ${jobs} jobs under ${count} faults`;
}
