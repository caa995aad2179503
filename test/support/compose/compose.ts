/** docker-compose.yml as a person uses it, under a project name of one's own and on base images that need no registry of images. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../../scripts/parts/service.ts';
import { startProgram, type Program } from '../../../scripts/parts/program.ts';

export interface ComposeProject {
  /** Runs a command of compose; fails with what it said if it fails. */
  run(...words: readonly string[]): Promise<string>;
  /** The same, whatever comes of it. */
  attempt(...words: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** What a service logs, from its start. */
  logsOf(service: string): Promise<Program>;
}

interface ComposeOptions {
  readonly project: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly file?: string;
}

export function composeProject({ project, variables, file = 'docker-compose.yml' }: ComposeOptions): ComposeProject {
  const command = ['docker-compose', '--ansi', 'never', '-p', project, '-f', file] as const;
  const environment = { ...process.env, ...variables };

  const attempt: ComposeProject['attempt'] = async (...words) => {
    const [program, ...args] = [...command, ...words];
    const child = spawn(program ?? '', args, { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output: (await said).join('') };
  };

  return {
    attempt,
    async run(...words) {
      const { code, output } = await attempt(...words);
      if (code !== 0) throw new Error(`docker-compose ${words.join(' ')} ended with ${code}:\n${output.slice(-3_000)}`);
      return output;
    },
    logsOf: (service) =>
      startProgram({
        name: `log of ${service}`,
        command: [...command, 'logs', '--no-color', '--follow', service],
        environment,
        workingDir: ROOT,
      }),
  };
}
