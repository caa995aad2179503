/** The engine's file of a log is damaged while nobody reads it: what there was before is kept once, and a mark says that more is missing. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';
import { startScene } from '../../support/runner/scene.ts';
import { followLog } from '../../support/runner/log-reader.ts';

const SPEAKS_TWICE = `
  process.on('SIGTERM', () => {
    for (let line = 1; line <= 50; line += 1) console.log('late line ' + line);
    process.exit(0);
  });
  setInterval(() => {}, 1e6);
  console.log('began');`;

describe('a log that is damaged in the engine', () => {
  it('is kept up to there, with a mark, and without the words of the engine', async function () {
    const { body } = await askEngine('GET', '/info');
    const { DockerRootDir } = JSON.parse(body) as { readonly DockerRootDir: string };
    // Only root sees the engine's files.
    if (process.getuid?.() !== 0) this.skip();
    await using scene = await startScene();
    const jobId = await scene.start({ rawcode: SPEAKS_TWICE });
    await scene.until(jobId, 40);
    await untilFirstOutput(jobId);
    using reader = followLog(scene.bus, jobId);
    await reader.until((all) => all.includes('began'), 'the first line');
    await scene.runner().kill();
    const id = await algorithmOf(jobId);
    await askEngine('POST', `/containers/${id}/kill?signal=TERM`);
    // Ends once the engine has written all of it: that the container has died, it may tell before.
    const whole = await askEngine('GET', `/containers/${id}/logs?stdout=true&follow=true`);
    expect(whole.body).to.include('late line 50\n');
    await using file = await open(join(DockerRootDir, 'containers', id, 'local-logs', 'container.log'), 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(64, 0xff), 0, 64, Math.floor(size / 2));
    await scene.restartRunner();
    const { code, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(70);
    const log = await scene.text(jobId, 'algorithm.log');
    expect(log.match(/began/g)).to.have.length(1);
    // What the engine has read before it comes upon the damage, it may tell or drop; there is no gap in what it tells.
    const late = [...log.matchAll(/late line (\d+)/g)].map(([, line]) => Number(line));
    expect(late).to.deep.equal(Array.from({ length: late.length }, (_, index) => index + 1));
    expect(late.length).to.be.below(50);
    expect(log).to.match(/missing here: the container engine did not keep it\]\n$/);
    expect(log).not.to.match(/error/i);
    expect(details.termination?.reason).to.contain('could not read the log to its end');
  });
});
