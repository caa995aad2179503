import { expect } from 'chai';
import fc from 'fast-check';
import type { Manifest } from '@capstan/shared/results/manifest';
import type { ContainerState } from '../../../../services/runner/src/docker/ports/containers.ts';
import { MAX_ATTEMPTS, planRun, type Known } from '../../../../services/runner/src/pipeline/plan.ts';

const created: ContainerState = { kind: 'created' };
const running: ContainerState = { kind: 'running', startedAt: 1 };
const exited: ContainerState = {
  kind: 'exited',
  startedAt: 1,
  finishedAt: 2,
  exit: { exitCode: 0, isOutOfMemory: false },
};
const manifest = { code: 70 } as Manifest;

const nothing: Known = { want: 'run', manifest: undefined, attempts: [], lastStart: 0 };

describe('the plan of a run', () => {
  it('starts what is new', () => {
    expect(planRun(nothing)).to.deep.equal({ kind: 'start', attempt: 1 });
  });

  it('adopts what runs or ran', () => {
    for (const algorithm of [running, exited]) {
      const plan = planRun({ ...nothing, attempts: [{ attempt: 1, algorithm, terms: {} }], lastStart: 1 });
      expect(plan).to.deep.equal({ kind: 'adopt', attempt: 1, algorithm, terms: {} });
    }
  });

  it('begins nothing beside what the engine does not tell of, nor takes it for lost, for stopped or for new', () => {
    const untold = { attempt: 2, algorithm: { kind: 'untold' }, terms: {} } as const;
    const before = { attempt: 1, algorithm: exited, terms: {} };
    for (const [want, isStopped] of [
      ['run', false],
      ['stopped', true],
    ] as const) {
      for (const attempts of [[untold], [before, untold]])
        expect(planRun({ ...nothing, want, attempts, lastStart: 2 })).to.deep.equal({
          kind: 'untold',
          attempt: 2,
          isStopped,
        });
    }
    expect(planRun({ ...nothing, attempts: [untold], manifest })).to.deep.equal({ kind: 'tell', manifest });
    expect(planRun({ ...nothing, want: 'ended', attempts: [untold] })).to.deep.equal({
      kind: 'clean',
      keepsMark: false,
    });
    const later = { attempt: 3, algorithm: running, terms: {} };
    expect(planRun({ ...nothing, attempts: [untold, later] })).to.include({ kind: 'adopt', attempt: 3 });
  });

  it('starts the same attempt when its container was made and its start was never tried', () => {
    const attempts = [{ attempt: 1, algorithm: created, terms: {} }];
    expect(planRun({ ...nothing, attempts, lastStart: 0 })).to.deep.equal({ kind: 'start', attempt: 1, made: {} });
  });

  it('starts it under the user that its container was made for', () => {
    const terms = { node: '0123456789ab' };
    const attempts = [{ attempt: 1, algorithm: created, terms }];
    expect(planRun({ ...nothing, attempts, lastStart: 0 })).to.deep.equal({ kind: 'start', attempt: 1, made: terms });
    const files = [{ attempt: 1, algorithm: undefined, terms }];
    expect(planRun({ ...nothing, attempts: files, lastStart: 0 })).to.deep.equal({ kind: 'start', attempt: 1 });
  });

  it('makes no other container where a start was tried, for it may still come about', () => {
    const attempts = [{ attempt: 1, algorithm: created, terms: {} }];
    expect(planRun({ ...nothing, attempts, lastStart: 1 })).to.deep.equal({ kind: 'resume', attempt: 1, terms: {} });
  });

  it('goes on with what it was about to start, not with what an earlier release had made for the same attempt', () => {
    const attempts = [
      { attempt: 1, algorithm: created, terms: {} },
      { attempt: 1, algorithm: created, terms: { node: 'here' } },
    ];
    const plan = planRun({ ...nothing, attempts, lastStart: 1 });
    expect(plan).to.deep.equal({ kind: 'resume', attempt: 1, terms: { node: 'here' } });
  });

  it('begins another attempt when the engine lost one, three in all', () => {
    expect(planRun({ ...nothing, lastStart: 1 })).to.deep.equal({ kind: 'start', attempt: 2 });
    expect(planRun({ ...nothing, lastStart: 3 })).to.deep.equal({ kind: 'give-up', attempt: 3 });
  });

  it('tells an ending again, and does nothing else', () => {
    expect(planRun({ ...nothing, manifest, attempts: [{ attempt: 1, algorithm: exited, terms: {} }] }).kind).to.equal(
      'tell',
    );
  });

  it('follows what is wanted', () => {
    expect(planRun({ ...nothing, want: 'stopped' })).to.deep.equal({ kind: 'stop', attempt: 1 });
    expect(planRun({ ...nothing, want: 'deleted', manifest }).kind).to.equal('remove');
    expect(planRun({ ...nothing, want: 'ended', manifest }).kind).to.equal('clean');
    const attempts = [{ attempt: 1, algorithm: running, terms: {} }];
    expect(planRun({ ...nothing, want: 'stopped', attempts }).kind, 'its output is kept').to.equal('adopt');
  });

  const state = fc.constantFrom(undefined, created, running, exited);
  const known: fc.Arbitrary<Known> = fc.record({
    want: fc.constantFrom('run', 'stopped', 'deleted', 'ended'),
    manifest: fc.constantFrom(undefined, manifest),
    attempts: fc.array(
      fc.record({ attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }), algorithm: state, terms: fc.constant({}) }),
      {
        maxLength: MAX_ATTEMPTS,
      },
    ),
    lastStart: fc.integer({ min: 0, max: MAX_ATTEMPTS }),
  });

  it('never starts while anything of the run was started and is there, or after its end', () => {
    fc.assert(
      fc.property(known, (facts) => {
        const plan = planRun(facts);
        if (plan.kind !== 'start') return;
        expect(facts.want).to.equal('run');
        expect(facts.manifest).to.equal(undefined);
        expect(facts.attempts.every(({ algorithm }) => !algorithm || algorithm.kind === 'created')).to.equal(true);
        expect(plan.attempt).to.be.within(1, MAX_ATTEMPTS);
      }),
    );
  });

  it('never uses up an attempt twice', () => {
    fc.assert(
      fc.property(known, (facts) => {
        const plan = planRun(facts);
        if (plan.kind !== 'start') return;
        expect(plan.attempt).to.be.greaterThan(facts.lastStart);
      }),
    );
  });
});
