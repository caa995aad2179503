import { expect } from 'chai';
import { judge } from '../../../../services/runner/src/results/entries.ts';

const nameOf = (name: string) => {
  const entry = judge({ name, type: 'file' });
  return entry.kind === 'file' ? entry.file.filename : entry.kind;
};

describe('an output', () => {
  it('does not pass for what the node writes itself', () => {
    expect(nameOf('out/outputs/algorithm.log')).to.equal('outputs/algorithm.log');
    expect(nameOf('out/outputs/publish.log')).to.equal('outputs/publish.log');
    expect(nameOf('out/logs/publish.log')).to.equal('logs/publish.log');
    expect(nameOf('out/logs/algorithm.log')).to.equal('skipped');
    expect(nameOf('out/outputs/sub/publish.log')).to.equal('sub/publish.log');
  });

  it('that may lie deeper than the engine lists is told by its folder', () => {
    const folder = (depth: number) =>
      judge({ name: `out/outputs/${`${'a'.repeat(250)}/`.repeat(depth)}`, type: 'directory' });
    expect(folder(8)).to.deep.equal({ kind: 'folder' });
    expect(folder(9)).to.include({ reason: 'path longer than 2048 bytes: what lies deeper may be missing' });
  });
});
