import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { peakRssBytes } from '../../support/memory.ts';
import { followLog } from '../../support/runner/log-reader.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
/** Prints numbered lines to both streams, some thousands a second, until it is asked to stop. */
const COUNTING = {
  rawcode: `
    const { writeSync } = require('node:fs');
    let n = 0;
    const count = () => {
      for (let lines = 0; lines < 30; lines += 1, n += 1) {
        writeSync(1, 'out ' + n + '\\n');
        if (n % 3 === 0) writeSync(2, 'err ' + n + '\\n');
      }
    };
    setInterval(count, 2);
    process.on('SIGTERM', () => {
      writeSync(1, 'last ' + n + '\\n');
      process.exit(0);
    });`,
};

/** Every line once, in order. */
function expectNumbered(text: string, word: string, step: number): void {
  const lines = text.split('\n').filter((line) => line.startsWith(word));
  const wrong = lines.findIndex((line, index) => line !== `${word} ${index * step}`);
  expect(wrong, `${word}: ${lines.slice(Math.max(0, wrong - 2), wrong + 2).join(', ')}`).to.equal(-1);
  expect(lines.length).to.be.above(100);
}

const resultsDir = (scene: Scene, jobId: JobId) => join(scene.dataDir, 'results', jobId, '1');

describe('the log of an algorithm', () => {
  let scene: Scene;
  let engine: EngineEvents;

  before(async () => {
    scene = await startScene();
    engine = await watchEngine();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  const stop = async (jobId: JobId) => {
    await scene.want(jobId, 'stopped');
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
  };

  it('can be read while it grows, its streams apart', async () => {
    const jobId = await scene.start(sh('echo to out; echo to err >&2; sleep 60'));
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    await log.until((all) => all.includes('to out') && all.includes('to err'), 'both words');
    expect(log.text('stdout')).to.equal('to out\n');
    expect(log.text('stderr')).to.contain('to err\n');
    await stop(jobId);
    await engine.untilGone(jobId);
  });

  it('is published as it was read, and tells its streams beside it', async () => {
    const jobId = await scene.start(sh('echo one; echo two >&2; echo three; sleep 60'));
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    await log.until((all) => all.split('\n').length > 3, 'three lines');
    await stop(jobId);
    expect(await scene.text(jobId, 'algorithm.log')).to.equal(log.all());
    const streams = [...(await readFile(join(resultsDir(scene, jobId), 'private', 'log.streams')))];
    expect(streams.reduce((sum, value) => sum + (value >> 1), 0)).to.equal(log.all().length);
    await engine.untilGone(jobId);
    expect(await readdir(join(scene.dataDir, 'logs'))).to.deep.equal([]);
  });

  it('has every line once, live and published, although its runner is killed again and again while it prints', async () => {
    const jobId = await scene.start(COUNTING);
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    for (let kills = 0; kills < 2; kills += 1) {
      const before = log.all().length;
      await log.until((all) => all.length > before + 1_000, 'more of the log');
      await scene.runner().kill();
      await scene.restartRunner();
    }
    await stop(jobId);
    const published = await scene.text(jobId, 'algorithm.log');
    expectNumbered(published, 'out', 1);
    expectNumbered(published, 'err', 3);
    expect(published).to.match(/\nlast \d+\n/);
    expect(published.startsWith(log.all())).to.equal(true);
    expectNumbered(log.text('stdout'), 'out', 1);
    expectNumbered(log.text('stderr'), 'err', 3);
    expect(engine.starts(jobId)).to.equal(1);
    await engine.untilGone(jobId);
  });

  it('is whole when the algorithm ended while the runner was away', async () => {
    const jobId = await scene.start(COUNTING);
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    // Enough of both streams.
    await log.until((all) => all.includes('err 330\n'), 'the first lines');
    await scene.runner().kill();
    await askEngine('POST', `/containers/${namesInEngine(scene.dataDir, jobId).algorithm}/kill?signal=SIGTERM`);
    await engine.until('die', jobId);
    await scene.restartRunner();
    await scene.until(jobId, 'end');
    const published = await scene.text(jobId, 'algorithm.log');
    expectNumbered(published, 'out', 1);
    expectNumbered(published, 'err', 3);
    expect(published).to.match(/\nlast \d+\n/);
    await engine.untilGone(jobId);
  });

  it('is followed on although NATS loses everything', async () => {
    const jobId = await scene.start(COUNTING);
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    await log.until((all) => all.includes('out 10\n'), 'the first lines');
    await scene.wipeNats();
    const before = log.all().length;
    await log.until((all) => all.length > before + 1_000, 'more of the log');
    await stop(jobId);
    expectNumbered(log.text('stdout'), 'out', 1);
    expect((await scene.text(jobId, 'algorithm.log')).startsWith(log.all())).to.equal(true);
    await engine.untilGone(jobId);
  });
});

describe('a log that is too much', () => {
  const MAX_MB = 0.2;
  let scene: Scene;

  before(async () => {
    scene = await startScene({
      variables: { CAPSTAN_RUNNER_MAX_LOG_MB: String(MAX_MB), CAPSTAN_RUNNER_STOP_GRACE_S: '1' },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  const MARK = /\n\[the log is cut off here: at most 0\.2 MB of it are kept\]\n$/;
  const logOf = async (jobId: JobId) => {
    const { files } = await scene.manifest(jobId);
    const { index } = files.find(({ filename }) => filename === 'algorithm.log') ?? { index: -1 };
    return readFile(join(resultsDir(scene, jobId), 'files', String(index)));
  };

  it('that is too long is cut off while it is written, and the algorithm goes on', async () => {
    const jobId = await scene.start(sh('yes "a line of a log" | head -c 1000000; sleep 600'));
    await scene.until(jobId, 40);
    using log = followLog(scene.bus, jobId);
    await log.until((all) => MARK.test(all), 'the mark');
    await scene.want(jobId, 'stopped');
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
    expect(String(await logOf(jobId))).to.equal(log.all());
    expect(log.all().length).to.be.below(MAX_MB * 1_000_000 + 200);
  });

  it('without end ends the job when it is ten times as long as is kept of it', async () => {
    const jobId = await scene.start(sh('yes "a line of a log"'));
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(42);
    expect(details.termination?.reason).to.contain('more than ten times as much to its log as this node keeps of it');
    expect(String(await logOf(jobId))).to.match(MARK);
  });

  it('that is one line without end takes neither memory nor disk', async () => {
    const before = await peakRssBytes(scene.runner().pid);
    const jobId = await scene.start(sh('cat /dev/zero'));
    expect((await scene.until(jobId, 'end')).code).to.equal(42);
    const kept = await logOf(jobId);
    expect(kept.length).to.be.below(MAX_MB * 1_000_000 + 200);
    expect(String(kept)).to.match(/^\0+\n\[the log is cut off here/);
    expect((await peakRssBytes(scene.runner().pid)) - before).to.be.below(60_000_000);
  });

  it('of very many empty lines is cut off before the engine forgets its beginning', async () => {
    // In portions that a runner on a busy machine keeps up with: what the engine forgets before it is read is marked as a gap instead.
    const portions = 'i=0; while [ $i -lt 30 ]; do yes "" | head -n 2500; sleep 0.2; i=$((i+1)); done';
    const jobId = await scene.start(sh(portions));
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(String(await logOf(jobId))).to.match(
      /^\n+\[the log is cut off here: it has more short lines than are kept\]\n$/,
    );
  });

  it('that is no text is kept byte by byte', async () => {
    const jobId = await scene.start({
      rawcode: `
        const bytes = Buffer.from(Array.from({ length: 256 * 40 }, (_, index) => (index * 7) % 256));
        process.stdout.write(bytes);
        process.stdout.write(Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]));`,
    });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    const bytes = Buffer.from(Array.from({ length: 256 * 40 }, (_, index) => (index * 7) % 256));
    expect(
      (await logOf(jobId)).equals(Buffer.concat([bytes, Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80])])),
    ).to.equal(true);
  });
});
