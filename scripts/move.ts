/** `npm run move`: asks the gateway that runs here to move what waits for an environment. */
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { counted } from '@capstan/shared/contract/counted';
import { runCommand } from './backup/command.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run move -- <from> <to>

Moves the jobs that wait for the environment <from> to the environment <to> of the node that runs here: for an environment that is gone from
the configuration. Jobs that were paid for stay, for what was paid names the environment: stop them, and their orders stay usable. So do jobs
that ask for more than <to> gives, and those that a runner has begun with. One that was sent to a runner and not begun moves where no runner
offers <from> any more. The owner of a moved job sees it: an event, with the new environment.`;

interface Answer {
  readonly error?: string;
  readonly moved?: number;
  readonly stayedCount?: number;
  readonly stayed?: readonly { readonly jobId: string; readonly reason: string }[];
}

const { values, positionals } = readCommandLine(USAGE, {
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
});
const [from, to] = positionals;

if (values.help || from === undefined || to === undefined) {
  if (!values.help) console.error('Name two environments: the one that is gone, and the one that takes its jobs.\n');
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await runCommand(async ({ paths }) => {
    const { error, moved = 0, stayedCount = 0, stayed = [] } = await ask(paths.control, { from, to });
    if (error !== undefined) throw new Error(error);
    const named = stayed.map(({ jobId, reason }) => `\n  ${jobId} stays: ${reason}`).join('');
    return `${moved} moved from ${from} to ${to}, ${counted(stayedCount, 'stays', 'stay')}.${named}`;
  });
}

function ask(socketPath: string, query: Record<string, string>): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const path = `/move?${new URLSearchParams(query).toString()}`;
  const asked = request({ socketPath, method: 'POST', path, agent: false }, (response) => {
    json(response).then((body) => resolve(body as Answer), reject);
  });
  asked.on('error', (cause) => reject(new Error('No gateway answers on this data folder.', { cause })));
  asked.end();
  return promise;
}
