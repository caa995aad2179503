/** The lint rules about who may import whom, run by the real linter on small offending files: a rule that stops working fails here. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { WORKSPACES } from '../../../scripts/lint/rooms.ts';
import { saysPure } from '../../../scripts/lint/sources.ts';

const root = resolve(import.meta.dirname, '../../..');

interface Case {
  /** The rule that refuses it. */
  readonly rule?: string;
  readonly file: string;
  readonly source: string;
}

const IMPORTS = 'eslint(no-restricted-imports)';
const importing = (file: string, specifier: string): Case => ({
  rule: IMPORTS,
  file,
  source: `import { x } from '${specifier}';\nexport const y = x;\n`,
});
const gateway = (file: string) => `services/gateway/src/${file}`;
const runner = (file: string) => `services/runner/src/${file}`;
const GRANT = `import { grant } from '../../docker/ours.ts';\nexport const y = grant;\n`;
const CLIENT = `import { createEngineHttp } from './http.ts';\nexport const y = createEngineHttp;\n`;
const clientIn = (name: string) => ({ file: runner(`docker/${name}.ts`), source: CLIENT });
const pure = (source: string) => `/** A decision, PURE. */\n${source}\n`;

const REFUSED: Readonly<Record<string, Case>> = {
  'NATS outside the bus': importing('shared/src/runtime/wake.ts', 'nats'),
  'NATS in a service': importing(runner('worker/worker.ts'), 'nats'),
  'SQLite outside db': importing(gateway('store/jobs.ts'), 'node:sqlite'),
  'the engine client outside its adapter': { rule: IMPORTS, ...clientIn('reconcile') },
  'the right to start without a claim': { rule: IMPORTS, file: runner('pipeline/steps/provision.ts'), source: GRANT },
  'the right to start without a claim, from beside it': {
    rule: IMPORTS,
    file: runner('works.ts'),
    source: `import { grant } from './docker/ours.ts';\nexport const y = grant;\n`,
  },
  'curve arithmetic outside signature': importing(gateway('auth/token.ts'), 'secp256k1'),
  'an unguarded HTTP client': importing(runner('pipeline/steps/pull.ts'), 'undici'),
  'the environment by another name': importing(gateway('http/app.ts'), 'node:process'),
  'the bus from a route': importing(gateway('http/health.ts'), '@capstan/shared/bus/connect'),
  'the bus from a step': importing(runner('pipeline/steps/wait.ts'), '@capstan/shared/bus/publish'),
  'main from a room': importing(gateway('http/errors.ts'), '../main.ts'),
  'main from beside it': importing(runner('runner.ts'), './main.ts'),
  'the runner from the gateway, by package': importing(gateway('admission/submit.ts'), '@capstan/runner/worker'),
  'the runner from the gateway, by path': importing(
    gateway('admission/stop.ts'),
    '../../../../services/runner/src/worker/worker.ts',
  ),
  'a service from shared': importing('shared/src/runtime/log.ts', '../../services/gateway/src/store/db.ts'),
  'shared from itself by package name': importing('shared/src/crypto/seal.ts', '@capstan/shared/contract/errors'),
  'the bus from the contract': importing('shared/src/contract/job.ts', '../bus/connect.ts'),
  'a room above it from the contract': importing('shared/src/contract/ddo.ts', '../runtime/json.ts'),
  'configuration from the rooms below it': importing('shared/src/runtime/clock.ts', '../config/load.ts'),
  'the store from a route': importing(gateway('http/routes/compute.ts'), '../../store/store.ts'),
  'the store from a route, as a type': {
    rule: IMPORTS,
    file: gateway('http/routes/nonce.ts'),
    source: `import type { Store } from '../../store/store.ts';\nexport type Given = Store;\n`,
  },
  'the store from the socket': importing(gateway('ws/hub.ts'), '../store/events.ts'),
  "a provider of one's own": {
    rule: IMPORTS,
    file: gateway('orders/quotes.ts'),
    source: `import { JsonRpcProvider } from 'ethers';\nexport const y = new JsonRpcProvider();\n`,
  },
  'the chain from the controller': importing(gateway('controller/dispatch.ts'), '../chain/receipts.ts'),
  'admission from the store': importing(gateway('store/nonces.ts'), '../admission/submit.ts'),
  'http from statuses': importing(gateway('status/query.ts'), '../http/app.ts'),
  'a re-export across rooms': {
    rule: IMPORTS,
    file: gateway('ws/session.ts'),
    source: `export { x } from '../store/store.ts';\n`,
  },
  'a dynamic import across rooms': {
    rule: IMPORTS,
    file: gateway('ws/frames.ts'),
    source: `export const x = await import('../store/store.ts');\n`,
  },
  'the worker from the pipeline': importing(runner('pipeline/run.ts'), '../worker/worker.ts'),
  'the pipeline from docker': importing(runner('docker/profile.ts'), '../pipeline/run.ts'),
  'docker from fetch': importing(runner('fetch/download.ts'), '../docker/engine.ts'),
  'docker from results': importing(runner('results/write.ts'), '../docker/engine.ts'),
  'a file system in a pure file': {
    rule: IMPORTS,
    file: runner('environments/capacity.ts'),
    source: pure(`export { readFile } from 'node:fs';`),
  },
  'a part that acts in a pure file': {
    rule: IMPORTS,
    file: gateway('controller/lost-commands.ts'),
    source: pure(`export { x } from './submit.ts';`),
  },
  'randomness in a pure file': {
    rule: IMPORTS,
    file: runner('docker/names.ts'),
    source: pure(`import { randomBytes } from 'node:crypto';\nexport const x = randomBytes;`),
  },
  'the clock in a pure file': {
    rule: 'eslint(no-restricted-properties)',
    file: runner('pipeline/plan.ts'),
    source: pure('export const x = () => Date.now();'),
  },
  'a timer in a pure file': {
    rule: 'eslint(no-restricted-globals)',
    file: gateway('scheduling/fair-share.ts'),
    source: pure('export const x = () => void setTimeout(() => undefined, 1);'),
  },
  'the environment outside process.ts': {
    rule: 'node(no-process-env)',
    file: gateway('http/body.ts'),
    source: `export const x = process.env['HOME'];\n`,
  },
  'the console in a service': {
    rule: 'eslint(no-console)',
    file: runner('reporting/events.ts'),
    source: `console.log('x');\n`,
  },
  'a default export': {
    rule: 'import(no-default-export)',
    file: runner('docker/engine.ts'),
    source: 'export default 1;\n',
  },
  'a barrel': { rule: 'oxc(no-barrel-file)', file: gateway('orders/all.ts'), source: `export * from './verify.ts';\n` },
  'an import cycle': {
    rule: 'import(no-cycle)',
    file: gateway('results/open.ts'),
    source: `import { x } from './folder.ts';\nexport const y = () => x;\n`,
  },
  'an import cycle of types alone': {
    rule: 'import(no-cycle)',
    file: gateway('results/kind.ts'),
    source: `import type { X } from './shelf.ts';\nexport type Y = X[];\n`,
  },
  any: {
    rule: 'typescript(no-explicit-any)',
    file: gateway('orders/fees.ts'),
    source: 'export const x = (y: any): unknown => y;\n',
  },
  'a non-null assertion': {
    rule: 'typescript(no-non-null-assertion)',
    file: gateway('orders/a.ts'),
    source: 'export const x = (y?: string) => y!.length;\n',
  },
  'a floating promise': {
    rule: 'typescript(no-floating-promises)',
    file: gateway('orders/b.ts'),
    source: 'export const x = (y: Promise<void>) => {\n  y;\n};\n',
  },
  'a callback whose promise nobody awaits': {
    rule: 'typescript(no-misused-promises)',
    file: gateway('orders/c.ts'),
    source: `export const x = (y: string[]) => y.forEach(async (z) => {\n  await Promise.resolve(z);\n});\n`,
  },
  'a switch that forgets a member': {
    rule: 'typescript(switch-exhaustiveness-check)',
    file: gateway('orders/d.ts'),
    source: `export function x(y: 'a' | 'b'): number {\n  switch (y) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n`,
  },
  'a file of more than 300 lines': {
    rule: 'eslint(max-lines)',
    file: gateway('orders/e.ts'),
    source: Array.from({ length: 301 }, (_, n) => `export const x${n} = ${n};\n`).join(''),
  },
};

const ALLOWED: Readonly<Record<string, Case>> = {
  'NATS in the bus': importing('shared/src/bus/connect.ts', 'nats'),
  'SQLite in db': importing(gateway('store/db.ts'), 'node:sqlite'),
  'the engine client in its adapter': clientIn('docker-engine'),
  'statuses from a route': importing(gateway('http/routes/status.ts'), '../../status/list.ts'),
  'the same room from a deeper folder': importing(gateway('http/routes/result.ts'), '../range.ts'),
  'the store and the bus from events': {
    file: gateway('events/intake.ts'),
    source: `export { x } from '../store/store.ts';\nexport { y } from '@capstan/shared/bus/consume';\n`,
  },
  'every room from main': {
    file: gateway('main.ts'),
    source: `export { a } from './store/db.ts';\nexport { b } from './http/app.ts';\nexport { c } from '@capstan/shared/bus/connect';\n`,
  },
  'the engine port from a step': importing(runner('pipeline/steps/clean.ts'), '../../docker/engine.ts'),
  'the contract, pure files and types in a pure file': {
    file: gateway('scheduling/order.ts'),
    source: pure(
      `import { apply } from '@capstan/shared/contract/lifecycle';\nimport { x } from './fair-share.ts';\nimport type { Jobs } from '../store/jobs.ts';\nexport const z: [unknown, unknown, Jobs?] = [apply, x];`,
    ),
  },
  'a room below it from the pipeline': importing(runner('pipeline/attempt.ts'), '../environments/limits.ts'),
  'the environment in process.ts': {
    file: 'shared/src/config/process.ts',
    source: `export const x = process.env['HOME'];\n`,
  },
};

/** Not offences themselves, but what the cases above import. */
const BESIDE: readonly Case[] = [
  { file: gateway('results/folder.ts'), source: `import { y } from './open.ts';\nexport const x = () => y;\n` },
  { file: gateway('results/shelf.ts'), source: `import type { Y } from './kind.ts';\nexport type X = Y | 1;\n` },
  { file: 'shared/src/contract/lifecycle.ts', source: 'export const apply = 1;\n' },
];

/** Runs the linter over all cases in a copy of the layout; the messages of each file. */
async function lint(cases: readonly Case[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-lint-'));
  try {
    await cp(join(root, 'oxlint.config.ts'), join(folder, 'oxlint.config.ts'));
    await cp(join(root, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true });
    await cp(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.json'));
    await cp(join(root, '.gitignore'), join(folder, '.gitignore'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const { file, source } of cases) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), source);
    }
    const found = new Map<string, string[]>();
    for (const { filename, code, help = '' } of await diagnostics(folder)) {
      found.set(filename, [...(found.get(filename) ?? []), `${code}: ${help}`]);
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
  readonly help?: string;
}

function diagnostics(folder: string): Promise<readonly Diagnostic[]> {
  const program = join(root, 'node_modules/oxlint/bin/oxlint');
  return new Promise((done, failed) => {
    const options = { cwd: folder, maxBuffer: 1 << 24, timeout: 30_000 };
    execFile(
      process.execPath,
      [program, '--type-aware', '--format=json', 'shared', 'services'],
      options,
      (error, stdout, stderr) => {
        try {
          done((JSON.parse(stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics);
        } catch {
          failed(new Error(`the linter did not answer: ${stdout}${stderr}`, { cause: error }));
        }
      },
    );
  });
}

describe('the lint rules', () => {
  let found: ReadonlyMap<string, readonly string[]>;
  const messages = (file: string) => found.get(file) ?? [];

  before(async () => {
    found = await lint([...Object.values(REFUSED), ...Object.values(ALLOWED), ...BESIDE]);
  });

  describe('refuse', () => {
    for (const [name, { file, rule }] of Object.entries(REFUSED)) {
      it(name, () => {
        expect(messages(file).map((message) => message.split(': ')[0])).to.include(rule);
      });
    }
  });

  describe('allow', () => {
    for (const [name, { file }] of Object.entries(ALLOWED)) {
      it(name, () => {
        expect(messages(file)).to.deep.equal([]);
      });
    }
  });

  it('say where the lines between rooms stand', () => {
    expect(messages(gateway('http/routes/compute.ts'))).to.deep.equal([
      `${IMPORTS}: services/gateway/src/http may import results, limits, assets, auth, orders, files, scheduling, status, admission, live, logs (scripts/lint/rooms.ts).`,
    ]);
  });

  it('let a room import only rooms that stand above it in the table, so that no arrow runs back', () => {
    for (const { src, rooms } of WORKSPACES.filter(({ src: folder }) => !folder.endsWith('/ui'))) {
      const names = Object.keys(rooms);
      for (const [place, [room, imported]] of Object.entries(rooms).entries()) {
        expect(names.slice(0, place), `${src}/${room}`).to.include.members([...imported]);
      }
    }
  });

  it('take a file for pure when its first comment says so, and only then', () => {
    expect(saysPure('/** The order of nonces, PURE: exact. */\nexport {};')).to.equal(true);
    expect(saysPure('/** Impure. */\n/** PURE */')).to.equal(false);
    expect(saysPure("const text = 'PURE';")).to.equal(false);
  });
});
