import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { leftoversOf } from '../../scripts/parts/engine.ts';
import { startProgram, type Program } from '../../scripts/parts/program.ts';
import { ROOT } from '../../scripts/parts/service.ts';

const DEMO = join(ROOT, 'scripts', 'demo.ts');

describe('the demo', () => {
  const run = async (...options: readonly string[]) => {
    const lines: string[] = [];
    const program = await startProgram({
      name: 'the demo',
      command: [process.execPath, DEMO, ...options],
      environment: process.env,
      workingDir: ROOT,
      onLine: (line) => void lines.push(line),
    });
    return { program, lines };
  };

  const leftBy = ({ pid }: Program) => leftoversOf((runnerId) => runnerId.startsWith(`demo-${pid}-`));

  it('shows a job from order to result, and ends with 0', async () => {
    const { program, lines } = await run();
    const { code } = await program.exited;
    const text = lines.join('\n');
    expect(code, text).to.equal(0);
    expect(text).to.match(/Job started \d+ ms → .*Running algorithm \d+ ms → .*Job completed \d+ ms/);
    expect(text).to.include('read 2922 days of Seattle and New York, 4 years');
    expect(text).to.match(/year +155\.8 days, 1106\.5 mm +117\.5 days, 1044\.7 mm/);
    expect(text).to.match(/Done in \d+\.\d s\./);
    const report = JSON.parse(await readFile(join(ROOT, 'var', 'demo', 'rain.json'), 'utf8')) as { cities: unknown[] };
    expect(report.cities).to.have.length(2);
    expect(await leftBy(program)).to.deep.equal({ containers: [], volumes: [], networks: [] });
  });

  it('tells programs the same as JSON', async () => {
    const { program, lines } = await run('--json');
    const { code } = await program.exited;
    expect(code, lines.join('\n')).to.equal(0);
    expect(lines).to.have.length(1);
    const outcome = JSON.parse(lines[0] ?? '') as { statuses: { status: number }[]; results: { filename: string }[] };
    expect(outcome.statuses.at(-1)?.status).to.equal(70);
    expect(outcome.results.map(({ filename }) => filename)).to.include.members([
      'rain.json',
      'rain.svg',
      'algorithm.log',
    ]);
  });

  it('sells on a chain, if asked to, and says who paid whom', async () => {
    const { program, lines } = await run('--paid');
    const { code } = await program.exited;
    const text = lines.join('\n');
    expect(code, text).to.equal(0);
    expect(text).to.match(/Job completed \d+ ms/);
    const sumOf = (who: string) => Number(new RegExp(`^ {2}${who} +([-+][\\d.]+) `, 'm').exec(text)?.[1]);
    const sums = ['consumer', "data's owner", "algorithm's author", 'node', "Ocean's community"].map(sumOf);
    expect(sums.slice(1, 4)).to.deep.equal([3, 1, 0.5]);
    expect(Math.abs(sums.reduce((sum, each) => sum + each, 0)), 'what was paid, somebody has').to.be.lessThan(1e-9);
    expect(await leftBy(program)).to.deep.equal({ containers: [], volumes: [], networks: [] });
  });

  it('tidies up after Ctrl-C', async () => {
    const { program } = await run();
    await program.until({
      match: (line) => (line.includes('  consumer ') ? true : undefined),
      what: 'its consumer',
      limitMs: 60_000,
    });
    process.kill(program.pid, 'SIGINT');
    const { code } = await program.exited;
    expect(code).to.equal(130);
    expect(await leftBy(program)).to.deep.equal({ containers: [], volumes: [], networks: [] });
  });
});
