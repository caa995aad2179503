/** `npm start`: the node of this machine, by capstan.yaml and CAPSTAN_ variables, until Ctrl-C. */
import { once } from 'node:events';
import { join } from 'node:path';
import { isGiven } from '@capstan/shared/config/load';
import { configOfProcess, dataPaths } from '@capstan/shared/config/process';
import { messageOf } from '@capstan/shared/contract/errors';
import { serviceGroup, type Service } from '@capstan/shared/runtime/service';
import { natsVariables, startNats, type Nats } from './parts/nats.ts';
import { parseEntry, startService, untilReady, type RunningService, type ServiceName } from './parts/service.ts';
import { interruptions, unless } from './parts/until-signal.ts';
import { banner } from './start/banner.ts';
import { isShown, natsEntry, readableLine } from './start/show-line.ts';
import { supervise } from './start/supervise.ts';
import { endWithoutReader, readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm start -- [options]

Runs the node (gateway and runner) until Ctrl-C, with the settings of capstan.yaml and CAPSTAN_ variables. Without a
nats.servers setting it also runs a NATS server of its own, for this machine alone, in <dataDir>/nats.
A part that dies is started again.

  --json   log as JSON lines; so it does wherever stdout is no terminal
  --help   this text`;

const { values } = readCommandLine(USAGE, {
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) console.log(USAGE);
else await main();

async function main(): Promise<void> {
  const closed = new AbortController();
  const signal = AbortSignal.any([interruptions(), closed.signal]);
  // `npm start | head`: nobody reads on, so nobody wants it any more.
  endWithoutReader(() => closed.abort());
  const config = configOfProcess();
  const isReadable = process.stdout.isTTY && !values.json;
  const show = (part: string, line: string) => {
    if (isShown(line, config.logLevel)) console.log(isReadable ? readableLine(part, line) : line);
  };
  const tell = (level: 'info' | 'warn', msg: string, facts: object = {}) =>
    show('node', JSON.stringify({ level, time: new Date().toISOString(), service: 'node', msg, ...facts }));
  const warn = (text: string) => tell('warn', text);

  let ownNats: Nats | undefined;
  const nats = supervise({
    name: 'nats-server',
    async start() {
      ownNats = await startNats({
        dir: join(config.dataDir, 'nats'),
        // Whoever knew it before finds it again.
        ...(ownNats === undefined ? {} : { access: ownNats }),
        onLine: (line) => {
          const entry = natsEntry(line, new Date());
          if (entry !== undefined) show('nats', entry);
        },
      });
      return ownNats;
    },
    warn,
  });
  let url = '';
  const part = (service: ServiceName): Service =>
    supervise({
      name: service,
      async start() {
        const running = await startService({
          service,
          environment: {
            ...process.env,
            ...(ownNats === undefined ? {} : natsVariables(ownNats)),
            // We wait for a line of theirs, and show what the setting asks for.
            CAPSTAN_LOG_LEVEL: config.logLevel === 'debug' ? 'debug' : 'info',
          },
          workingDir: process.cwd(),
          onLine: (line) => show(service, line),
        });
        // Who is asked to end while it starts does not wait for what may never be ready.
        const entry = await unless(signal, untilReady(running, service)).catch(async (error: unknown) => {
          await (signal.aborted ? running.stop() : running.kill());
          throw new Error(reasonOf(running) ?? messageOf(error), { cause: error });
        });
        if (typeof entry['url'] === 'string') url = entry['url'];
        return running;
      },
      warn,
    });

  const hasOwnNats = !isGiven('nats.servers', process.env, process.cwd());
  const node = serviceGroup([...(hasOwnNats ? [nats] : []), part('gateway'), part('runner')]);
  try {
    await node.start();
  } catch (error) {
    if (signal.aborted) {
      console.error('Stopped before the node had started.');
      // As below.
      process.exitCode = 0;
      return;
    }
    const [reason = ''] = messageOf(error).split('\n');
    console.error(`The node did not start. ${reason.replace(/ The last of it:$/, '')}`);
    process.exitCode = 1;
    return;
  }
  const { catalogue } = dataPaths(config);
  const where = hasOwnNats ? `its own, ${ownNats?.url ?? ''}` : config.nats.servers.join(', ');
  if (isReadable) console.log(banner({ url, config, catalogueDir: catalogue, nats: where }));
  else tell('info', 'started', { url, catalogue, dataDir: config.dataDir, nats: where });

  if (!signal.aborted) await once(signal, 'abort');
  if (isReadable) console.log('\nStopping. Ctrl-C again to leave at once.');
  await node.stop();
  // Being asked to end is the normal end of a node.
  process.exitCode = 0;
}

/** Why a service could not start, in its own words: an error, or else what it was still waiting for. */
function reasonOf(service: RunningService): string | undefined {
  const entries = service.lastLines(100).flatMap((line) => parseEntry(line) ?? []);
  const problems = entries.map((entry) => entry['problem']).filter((problem) => typeof problem === 'string');
  return entries.findLast((entry) => entry['level'] === 'error')?.msg ?? problems.at(-1);
}
