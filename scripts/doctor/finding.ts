/** What the doctor finds, PURE, and how a person reads it. */

/** `warn`: it works, but not as it could. `bad`: it must be mended. */
export type Level = 'ok' | 'warn' | 'bad';

export interface Finding {
  readonly level: Level;
  /** What was looked at. */
  readonly about: string;
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (about: string, text: string): Finding => ({ level: 'ok', about, text });
export const warn = (about: string, text: string, remedy: string): Finding => ({ level: 'warn', about, text, remedy });
export const bad = (about: string, text: string, remedy: string): Finding => ({ level: 'bad', about, text, remedy });

const MARKS = { ok: '✓', warn: '!', bad: '✗' } as const satisfies Record<Level, string>;

export function table(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const indent = ' '.repeat(width + 6);
  const lines = findings.flatMap(({ level, about, text, remedy }) => [
    `  ${MARKS[level]} ${about.padEnd(width)}  ${text.replaceAll('\n', `\n${indent}`)}`,
    ...(remedy === undefined ? [] : [`${indent}→ ${remedy}`]),
  ]);
  return [...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [mend, look] = [count('bad'), count('warn')];
  if (mend > 0) return `${mend} of ${findings.length} must be mended before the node works well.`;
  return look > 0 ? `The node works here; ${look} of ${findings.length} could be better.` : 'All is well.';
}
