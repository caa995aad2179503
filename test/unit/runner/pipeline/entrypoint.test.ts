import { expect } from 'chai';
import { argvOf } from '../../../../services/runner/src/pipeline/entrypoint.ts';

describe('a command line', () => {
  const argv = (entrypoint: string) => argvOf(entrypoint, '/data/a');
  it('is run as it is', () => {
    expect(argv('node $ALGO')).to.deep.equal(['node', '/data/a']);
    expect(argv('  python3 -u  ${ALGO} --level=3 ')).to.deep.equal(['python3', '-u', '/data/a', '--level=3']);
    expect(argv('$ALGO')).to.deep.equal(['/data/a']);
  });
  it('may be a list of words, which no shell sees, or none at all', () => {
    expect(argv('["python3", "$ALGO", "--name=a b"]')).to.deep.equal(['python3', '/data/a', '--name=a b']);
    expect(argv(' ["$ALGO"] ')).to.deep.equal(['/data/a']);
    expect(argv('[ -f x ] && node $ALGO')).to.deep.equal(['/bin/sh', '-c', '[ -f x ] && node /data/a']);
    expect(argv('[1]')).to.deep.equal(['/bin/sh', '-c', '[1]']);
    for (const nothing of ['', '  ', '[]']) expect(argv(nothing)).to.deep.equal([]);
  });
  it('is left to a shell where it has its syntax', () => {
    for (const line of ['a && b', 'echo $HOME', 'cat *', 'node $ALGORITHM']) {
      expect(argv(line), line).to.deep.equal(['/bin/sh', '-c', line]);
    }
  });
  it('has the path wherever it says $ALGO, in quotes that no shell looks into, too', () => {
    for (const [line, shell] of [
      ['node $ALGO > /tmp/x', 'node /data/a > /tmp/x'],
      ['A=1 node "$ALGO"', 'A=1 node "/data/a"'],
      [`python3 -c 'import runpy; runpy.run_path("$ALGO")'`, `python3 -c 'import runpy; runpy.run_path("/data/a")'`],
      [`node -e 'require("\${ALGO}")'`, `node -e 'require("/data/a")'`],
    ] as const) {
      expect(argv(line), line).to.deep.equal(['/bin/sh', '-c', shell]);
    }
  });
  it('is left to a shell where it begins with a word of the shell', () => {
    expect(argv('exec node $ALGO')).to.deep.equal(['/bin/sh', '-c', 'exec node /data/a']);
    expect(argv(' . $ALGO')).to.deep.equal(['/bin/sh', '-c', ' . /data/a']);
    expect(argv('execute $ALGO')).to.deep.equal(['execute', '/data/a']);
  });
});
