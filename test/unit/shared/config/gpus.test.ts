import { expect } from 'chai';
import { gpuProblems } from '@capstan/shared/config/gpus';
import { loadConfig } from '@capstan/shared/config/load';

const [CARD, OTHER] = ['GPU-8f6f1f2e-0a1b-4c3d-9e8f-001122334455', 'GPU-00000000-0a1b-4c3d-9e8f-001122334455'] as const;
const problemsOf = (...lists: readonly (readonly string[])[]) =>
  gpuProblems(lists.map((gpus) => ({ gpus: [...gpus] })));

describe('the GPUs of environments', () => {
  it('are named by index or by UUID, also the same ones in two environments', () => {
    expect(problemsOf([], ['0', '1', '10'], ['0'])).to.deep.equal([]);
    expect(problemsOf([CARD, OTHER], [OTHER])).to.deep.equal([]);
  });

  it('have one name each, so that no card is lent twice', () => {
    expect(problemsOf(['0', '00']).join()).to.match(/environments\[0\]\.gpus: "00" is to be written as "0"/);
    expect(problemsOf(['all']).join()).to.contain('Name each one');
    expect(problemsOf([CARD, CARD.toLowerCase()]).join()).to.contain('in two spellings');
    expect(problemsOf(['0', CARD]).join()).to.contain('all of them by UUID');
    expect(problemsOf(['0'], [CARD]).join()).to.contain('all of them by UUID');
  });

  it('are judged when the configuration is read', () => {
    const variables = { CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: 'a', gpus: ['0', '00'] }]) };
    expect(() => loadConfig(variables, '/nowhere')).to.throw('is to be written as "0"');
  });
});
