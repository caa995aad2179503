/** Every fenced command of README and docs, and who runs it: one that nobody runs, and that nobody excuses, is a fault. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/parts/service.ts';

export interface FencedCommand {
  readonly page: string;
  /** One command as it is typed, without the remark behind it. */
  readonly command: string;
}

export type Covered = {
  readonly page: string;
  /** How the command begins; all of the page, if absent. */ readonly begins?: string;
} & (
  | {
      /** The test that runs it. */
      readonly by: string;
      /** What of the command that test has in its text. */
      readonly with: string;
    }
  | { readonly excuse: string }
);

const COMMANDS_TEST = 'test/clients/docs-commands.test.ts';
const COMPOSE_TEST = 'test/e2e/compose.test.ts';

export const COVERED: readonly Covered[] = [
  { page: 'README.md', begins: 'npm run demo', by: 'test/e2e/demo.test.ts', with: 'demo.ts' },
  { page: 'README.md', begins: 'npm test', excuse: 'It is what runs this.' },
  { page: 'README.md', begins: 'npm start', by: 'test/e2e/npm-start.test.ts', with: "'npm', 'start'" },
  { page: 'README.md', begins: 'npm run catalogue -- add', by: COMMANDS_TEST, with: 'README.md' },
  { page: 'docs/api.md', by: 'test/clients/api-page.test.ts', with: 'api.md' },
  { page: 'docs/backup.md', begins: 'npm run backup', by: 'test/integration/gateway/backup.test.ts', with: 'backup' },
  { page: 'docs/backup.md', begins: 'npm run restore', by: 'test/integration/gateway/backup.test.ts', with: 'restore' },
  {
    page: 'docs/backup.md',
    begins: 'install -d',
    excuse: 'It needs root and a folder at the root; the test of the next ones makes such a folder.',
  },
  { page: 'docs/backup.md', begins: 'docker compose', by: COMPOSE_TEST, with: "'backup.md'" },
  { page: 'docs/compose.md', begins: 'docker compose up', by: COMPOSE_TEST, with: "'up', '--build', '--detach'" },
  { page: 'docs/compose.md', begins: 'curl http://127.0.0.1:8030/health', by: COMPOSE_TEST, with: '8030/health' },
  {
    page: 'docs/compose.md',
    begins: 'docker compose exec nats',
    excuse: 'It is about the folder of a version before the account; the broker of the test has none.',
  },
  {
    page: 'docs/compose.md',
    begins: 'docker compose run --rm --no-deps -v "$PWD/demo/data/weather.csv:',
    by: COMPOSE_TEST,
    with: "'compose.md'",
  },
  { page: 'docs/keys.md', begins: 'npm run keys', by: 'test/integration/gateway/keys.test.ts', with: "'keys.ts'" },
  { page: 'docs/keys.md', begins: 'docker compose', by: COMPOSE_TEST, with: "'keys.md'" },
  { page: 'docs/live.md', begins: 'curl -N', by: COMMANDS_TEST, with: 'live.md' },
  { page: 'docs/live.md', by: COMMANDS_TEST, with: 'live.md' },
  { page: 'docs/orders.md', begins: 'npm run catalogue', by: COMMANDS_TEST, with: 'orders.md' },
  { page: 'docs/orders.md', begins: 'npm run demo -- --paid', by: 'test/e2e/demo.test.ts', with: "'--paid'" },
  { page: 'docs/results.md', by: COMMANDS_TEST, with: 'results.md' },
  {
    page: 'docs/upkeep.md',
    begins: 'npm run doctor',
    by: 'test/integration/scripts/doctor.test.ts',
    with: 'doctor.ts',
  },
  {
    page: 'docs/service.md',
    begins: 'npm run doctor',
    by: 'test/integration/scripts/doctor.test.ts',
    with: 'doctor.ts',
  },
  { page: 'docs/service.md', begins: 'npm run backup', by: 'test/integration/gateway/backup.test.ts', with: 'backup' },
  { page: 'docs/service.md', begins: 'npm run demo', by: 'test/e2e/demo.test.ts', with: 'demo.ts' },
  ...['cd /opt', 'useradd', 'install -d', 'cp capstan.example', 'export CAPSTAN_CONFIG', 'rm -rf', 'userdel'].map(
    (begins) => ({
      page: 'docs/service.md',
      begins,
      by: 'test/integration/scripts/service-commands.test.ts',
      with: begins,
    }),
  ),
  {
    page: 'docs/service.md',
    begins: 'node scripts/bootstrap.mjs modules',
    excuse: 'It is what installs the libraries of this test, before any test can run.',
  },
  {
    page: 'docs/service.md',
    begins: 'git -C',
    excuse:
      'It fetches the next version from where this one came from; test/by-hand/upgrade.test.ts goes from a release to this one.',
  },
  ...['systemctl', 'journalctl'].map((begins) => ({
    page: 'docs/service.md',
    begins,
    excuse:
      'They want systemd as the first process of the machine; the unit is checked by test/integration/scripts/service-unit.test.ts.',
  })),
  {
    page: 'docs/service.md',
    begins: 'npm run uninstall',
    by: 'test/integration/scripts/uninstall.test.ts',
    with: 'uninstall.ts',
  },
];

const ANY_FENCE = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;

export const PAGES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()];

export const pageText = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** What stands in fences for a shell, or for nothing in particular. */
export function fencedShell(page: string): readonly string[] {
  return [...pageText(page).matchAll(ANY_FENCE)]
    .filter(([, language = '']) => ['', 'sh', 'bash', 'console', 'shell'].includes(language))
    .map(([, , body = '']) => body);
}

export function fencedCommands(): readonly FencedCommand[] {
  return PAGES.flatMap((page) =>
    fencedShell(page).flatMap((body) => commandsIn(body).map((command) => ({ page, command }))),
  );
}

/** One of each line that begins a command: those that go on, by a backslash or inside of a loop, belong to the first. */
function commandsIn(body: string): readonly string[] {
  return body
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^\S/.test(line) && !/^(#|done|fi|EOF|\}|')/.test(line))
    .map((line) => line.replace(/\s+# .*$/, ''));
}

export const coverOf = ({ page, command }: FencedCommand) =>
  COVERED.find((each) => each.page === page && command.startsWith(each.begins ?? ''));
