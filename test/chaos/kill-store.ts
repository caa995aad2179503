/** `npm run chaos:store`: kill -9 during commits, a thousand times if nothing else is said. */
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { interruptions } from '../../scripts/parts/until-signal.ts';
import { seeded } from './seeded.ts';
import { killDuringCommits } from './store-kills.ts';
import { readCommandLine } from '../../scripts/parts/command-line.ts';

const USAGE = `usage: npm run chaos:store -- [--times N] [--seed S]

Kills (SIGKILL) a process that writes jobs into a store, N times (1000), at moments that follow from the seed, and checks each time that the store opens, passes
its integrity check and has every job that the process had said was on the disk. The last line is one JSON object.`;

const { values } = readCommandLine(USAGE, {
  options: {
    times: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const times = Number(values.times);
const seed = Number(values.seed);

if (values.help || !Number.isInteger(times) || times < 1 || !Number.isInteger(seed)) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  await using folder = await temporaryFolder('kill-store');
  const counts = await killDuringCommits({
    dir: folder.path,
    times,
    random: seeded(seed),
    onKill: ({ kills, acknowledged }) => {
      if (kills % 50 === 0) console.log(`${kills} kills, ${acknowledged} jobs acknowledged`);
    },
    signal: interruptions(),
  });
  console.log(JSON.stringify({ chaos: 'store', seed, ...counts, lost: counts.lost.length }));
  process.exitCode = counts.lost.length === 0 ? 0 : 1;
}
