/** `npm run audit -- <dir>`: the auditor alone, on the folder of a run that was kept. */
import { auditFolder } from '../support/audit/traces/audit-folder.ts';
import { verdictLine } from '../support/audit/traces/verdict-line.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const USAGE = `usage: npm run audit -- <folder>

Reads the traces, the store and the results that a run of npm run chaos has kept (--keep, or any that found something), and prints what of the eight rules in
docs/reliability.md did not hold. The last line is the verdict; the exit code is 1 if there is a violation.`;

const { values, positionals } = readCommandLine(USAGE, {
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h', default: false } },
});
const [dir] = positionals;

if (values.help || dir === undefined) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  const verdict = await auditFolder(dir);
  for (const violation of verdict.violations) console.log(violation);
  console.log(verdictLine(verdict));
  process.exitCode = verdict.violations.length === 0 ? 0 : 1;
}
