import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../../scripts/parts/service.ts';
import { chooseFiles } from '../../../scripts/tests/choose.ts';
import { ALONE, inOrder, LONGEST } from '../../../scripts/tests/order.ts';
import { readOwnWords } from '../../../scripts/tests/own-words.ts';

const choose = (...words: string[]) => chooseFiles(words, ROOT);

describe('the words of npm test', () => {
  it('name all tests where they name none', () => {
    const { files, isPlain } = choose();
    expect(files).to.include.members(['test/unit/scripts/choose.test.ts', 'test/simulation/simulation.test.ts']);
    expect(isPlain).to.equal(false);
  });

  it('name a file, a folder, or what a pattern matches: files of tests only, each once', () => {
    const simulations = ['planted', 'simulation', 'world'].map((name) => `test/simulation/${name}.test.ts`);
    expect(choose('test/simulation').files).to.deep.equal(simulations);
    expect(choose('./test/unit/docs/').files).to.include('test/unit/docs/pages.test.ts');
    const { files } = choose('test/unit/scripts/choose.test.ts', 'test/unit/scripts', 'test/unit/**/ch*.test.ts');
    expect(files.filter((file) => file.endsWith('choose.test.ts'))).to.deep.equal(['test/unit/scripts/choose.test.ts']);
  });

  it('that name nothing that is there are known as such', () => {
    expect(choose('test/unit/docs', 'test/nowhere.test.ts').unknown).to.deep.equal(['test/nowhere.test.ts']);
  });

  it('go to mocha if they are its options; the value of one is no path', () => {
    const { files, options } = choose('--grep', 'a stopped job', 'test/unit/docs', '-t', '5000', '--bail');
    expect(options).to.deep.equal(['--grep', 'a stopped job', '-t', '5000', '--bail']);
    expect(files).to.include('test/unit/docs/pages.test.ts').and.not.include('test/unit/scripts/choose.test.ts');
  });

  it('want mocha itself for one file, a debugger or a report of its own', () => {
    for (const words of [['test/simulation/world.test.ts'], ['test/unit', '--inspect-brk'], ['test/unit', '-R', 'dot']])
      expect(choose(...words).isPlain, words.join(' ')).to.equal(true);
    expect(choose('test/unit', '--bail').isPlain).to.equal(false);
  });

  it('that are our own do not get to mocha', () => {
    const read = (...words: string[]) => readOwnWords(words);
    expect(read('test/unit', '--lanes', '3', '--bail')).to.deep.include({ lanes: 3, rest: ['test/unit', '--bail'] });
    expect(read('--lanes=4')).to.deep.include({ lanes: 4, rest: [] });
    expect(read('--coverage', 'test/unit')).to.deep.include({ isCovered: true, rest: ['test/unit'] });
    expect(read('test/unit')).to.deep.include({ isCovered: false });
    for (const wrong of [['--lanes', 'many'], ['--lanes', '0'], ['--lanes']])
      expect(read(...wrong), wrong.join(' '))
        .to.have.property('problem')
        .that.contains('--lanes');
  });
});

describe('the order of the files', () => {
  it('has the longest first, and those that must be alone apart', () => {
    const [long = '', other = ''] = LONGEST;
    const [alone] = Object.keys(ALONE);
    const { beside, alone: apart } = inOrder(['test/x.test.ts', other, ...(alone === undefined ? [] : [alone]), long]);
    expect(beside).to.deep.equal([long, other, 'test/x.test.ts']);
    expect(apart).to.deep.equal(alone === undefined ? [] : [alone]);
  });

  it('names files that are there', () => {
    for (const file of [...LONGEST, ...Object.keys(ALONE)]) expect(existsSync(join(ROOT, file)), file).to.equal(true);
  });
});
