import { appendFile, cp, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import type { LogFrame } from '../../../../services/runner/src/docker/ports/containers.ts';
import { openCaptureFile, type CaptureFile } from '../../../../services/runner/src/logs/capture-file.ts';
import { afterAnchor, anchorOf, type LogLimits } from '../../../../services/runner/src/logs/log-state.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import { aFrame, someFrames } from '../docker/some-frames.ts';

const LIMITS: LogLimits = { maxBytes: 1_000_000, engineBytes: 8_000_000 };

const textOf = (file: CaptureFile) => buffer(file.text());
const joined = (frames: readonly LogFrame[]) => Buffer.concat(frames.map(({ bytes }) => bytes));
/** The stream of each byte. */
const streamsOf = (frames: readonly LogFrame[]) =>
  frames.map(({ stream, bytes }) => (stream === 'stdout' ? 'o' : 'e').repeat(bytes.length)).join('');
const shown = (segments: readonly number[]) =>
  segments.map((segment) => (segment > 0 ? 'o' : 'e').repeat(Math.abs(segment))).join('');

/** Adds what comes after the place that the file has come to, as after a restart: the engine's log is read from its beginning. */
async function goOn(file: CaptureFile, frames: readonly LogFrame[]): Promise<void> {
  const anchor = anchorOf(file.state());
  const fresh = anchor ? afterAnchor(anchor)(frames) : frames;
  expect(fresh, 'the place is found').not.to.equal(undefined);
  await file.append(fresh ?? []);
}

describe('a captured log', () => {
  it('that was broken off stays so, in every later life: nothing is added, and the mark is there once', async () => {
    await using folder = await temporaryFolder('capture');
    const [first, ...rest] = [aFrame('one\n'), aFrame('two\n')];
    const told = async () => {
      await using file = await openCaptureFile(folder.path, LIMITS);
      await file.append([first]);
      await file.appendBreak();
      await file.append(rest);
      return [file.state().isBrokenOff, String(await textOf(file))];
    };
    const before = await told();
    expect(before).to.deep.equal([
      true,
      'one\n\n[a part of the log is missing here: the container engine did not keep it]\n',
    ]);
    expect(await told()).to.deep.equal(before);
  });

  it('has every piece once, wherever it was interrupted', async () => {
    await fc.assert(
      fc.asyncProperty(someFrames(), fc.array(fc.nat(30), { maxLength: 4 }), async (frames, stops) => {
        await using folder = await temporaryFolder('capture');
        for (const stop of [...stops.toSorted((one, other) => one - other), frames.length]) {
          await using file = await openCaptureFile(folder.path, LIMITS);
          await goOn(file, frames.slice(0, stop));
        }
        await using file = await openCaptureFile(folder.path, LIMITS);
        expect((await textOf(file)).equals(joined(frames))).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is given in pieces that say of which stream they are', async () => {
    await fc.assert(
      fc.asyncProperty(someFrames(), fc.nat(600), fc.integer({ min: 1, max: 600 }), async (frames, from, most) => {
        await using folder = await temporaryFolder('capture');
        await using file = await openCaptureFile(folder.path, LIMITS);
        for (const frame of frames) await file.append([frame]);
        const [bytes, streams] = [joined(frames), streamsOf(frames)];
        const piece = await file.read(from, most);
        expect(piece.from).to.equal(Math.min(from, bytes.length));
        expect(piece.bytes.equals(bytes.subarray(from, from + most))).to.equal(true);
        expect(shown(piece.segments)).to.equal(streams.slice(from, from + most));
        const tail = await file.read(-most, most);
        expect(tail.bytes.equals(bytes.subarray(-most))).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('drops what a runner that died left half written', async () => {
    await using folder = await temporaryFolder('capture');
    const frames = [aFrame('one\n', { time: 1 }), aFrame('two\n', { time: 2 }), aFrame('three\n', { time: 3 })];
    const damages: ((dir: string) => Promise<void>)[] = [
      // Between the two files.
      (dir) => appendFile(join(dir, 'text'), 'thr'),
      (dir) => appendFile(join(dir, 'index'), '{"segments":[6],"si'),
      // A machine that lost its power.
      async (dir) => truncate(join(dir, 'text'), (await stat(join(dir, 'text'))).size - 1),
      async (dir) => truncate(join(dir, 'index'), (await stat(join(dir, 'index'))).size - 3),
      (dir) => truncate(join(dir, 'index'), 0),
    ];
    for (const [index, damage] of damages.entries()) {
      const dir = join(folder.path, String(index));
      {
        await using file = await openCaptureFile(dir, LIMITS);
        for (const frame of frames.slice(0, 2)) await file.append([frame]);
      }
      await damage(dir);
      await using file = await openCaptureFile(dir, LIMITS);
      await goOn(file, frames);
      expect(String(await textOf(file))).to.equal('one\ntwo\nthree\n');
      expect(String(await readFile(join(dir, 'text')))).to.equal('one\ntwo\nthree\n');
    }
  });

  it('is cut off at its limit, with a mark, and takes no more', async () => {
    await using folder = await temporaryFolder('capture');
    {
      await using file = await openCaptureFile(folder.path, { ...LIMITS, maxBytes: 7 });
      await file.append([aFrame('12345', { time: 1 }), aFrame('67890', { time: 2 }), aFrame('x', { time: 3 })]);
      expect(String(await textOf(file))).to.match(
        /^1234567\n\[the log is cut off here: at most .* MB of it are kept\]\n$/,
      );
    }
    await using file = await openCaptureFile(folder.path, { ...LIMITS, maxBytes: 7 });
    const { sizeBytes } = file.state();
    await file.append([aFrame('more', { time: 4 })]);
    expect(file.state()).to.include({ isFull: true, sizeBytes });
  });

  it('that just fits has no mark', async () => {
    await using folder = await temporaryFolder('capture');
    await using file = await openCaptureFile(folder.path, { ...LIMITS, maxBytes: 10 });
    await file.append([aFrame('12345', { time: 1 }), aFrame('67890', { time: 2 })]);
    expect(String(await textOf(file))).to.equal('1234567890');
  });

  it('is cut off before the engine would begin its own file anew', async () => {
    await using folder = await temporaryFolder('capture');
    await using file = await openCaptureFile(folder.path, { maxBytes: 1_000, engineBytes: 1_000 });
    for (let time = 0; time < 100; time += 1) await file.append([aFrame('\n', { time })]);
    expect(String(await textOf(file))).to.match(
      /^\n{30}\n\[the log is cut off here: it has more short lines than are kept\]\n$/,
    );
  });

  it('takes a few bytes on the disk for each of its own, however it comes', async () => {
    await using folder = await temporaryFolder('capture');
    await using file = await openCaptureFile(folder.path, LIMITS);
    const streams = ['stdout', 'stderr'] as const;
    const frames = Array.from({ length: 2_000 }, (_, time) =>
      aFrame('x\n', { stream: streams[time % 2] ?? 'stdout', time }),
    );
    for (const frame of frames) await file.append([frame]);
    const { size } = await stat(join(folder.path, 'index'));
    expect(size).to.be.lessThan(4 * file.state().sizeBytes);
    const all: number[] = [];
    for await (const segments of file.segments()) all.push(...segments);
    expect(shown(all)).to.equal(streamsOf(frames));
  });

  it('of a runner that died goes on from what the index knows, and has every piece once', async () => {
    await using folder = await temporaryFolder('capture');
    const frames = Array.from({ length: 400 }, (_, time) => aFrame('x\n', { time }));
    const dir = join(folder.path, 'died');
    {
      await using file = await openCaptureFile(join(folder.path, 'first'), LIMITS);
      for (const frame of frames.slice(0, 301)) await file.append([frame]);
      await cp(join(folder.path, 'first'), dir, { recursive: true });
    }
    await using file = await openCaptureFile(dir, LIMITS);
    expect(file.state().sizeBytes).to.be.within(302, 602);
    await goOn(file, frames);
    expect((await textOf(file)).equals(joined(frames))).to.equal(true);
  });

  it('says where something is missing', async () => {
    await using folder = await temporaryFolder('capture');
    await using file = await openCaptureFile(folder.path, LIMITS);
    await file.append([aFrame('before\n', { time: 1 })]);
    await file.appendGap();
    expect(anchorOf(file.state())).to.equal(undefined);
    await file.append([aFrame('after\n', { time: 9 })]);
    expect(String(await textOf(file))).to.match(/^before\n\n\[a part of the log is missing here: .*\]\nafter\n$/);
  });

  it('says once, whoever opens it again, that its end may be missing', async () => {
    await using folder = await temporaryFolder('capture');
    {
      await using file = await openCaptureFile(folder.path, LIMITS);
      await file.append([aFrame('before\n', { time: 1 })]);
      await file.appendOpenEnd();
      await file.appendOpenEnd();
    }
    await using file = await openCaptureFile(folder.path, LIMITS);
    await file.append([aFrame('after\n', { time: 9 })]);
    await file.appendOpenEnd();
    expect(anchorOf(file.state())?.at, 'how far it was read').to.equal(aFrame('', { time: 1 }).at);
    expect(String(await textOf(file))).to.match(/^before\n\n\[the end of the log may be missing here: .*\]\n$/);
  });

  it('that was cut off needs no word about its end', async () => {
    await using folder = await temporaryFolder('capture');
    await using file = await openCaptureFile(folder.path, { ...LIMITS, maxBytes: 7 });
    await file.append([aFrame('1234567890', { time: 1 })]);
    await file.appendOpenEnd();
    expect(String(await textOf(file))).not.to.contain('may be missing');
  });
});
