import { expect } from 'chai';
import { NOTHING } from '@capstan/shared/contract/amounts';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { createControl } from '../../../../services/runner/src/pipeline/control.ts';
import {
  atWork,
  closing,
  foundRun,
  isAtWork,
  isBegun,
  isStarted,
  provisioning,
  running,
  waitingRun,
  watched,
} from '../../../../services/runner/src/worker/run-entry.ts';
import { createRunRegistry } from '../../../../services/runner/src/worker/run-registry.ts';

const facts = () => ({
  jobId: '1'.repeat(32) as JobId,
  run: 1,
  environment: 'local' as EnvironmentId,
  need: NOTHING,
  control: createControl(),
  deliveries: { command: undefined, messages: [], successors: [] },
  attempts: { here: 0, elsewhere: 0 },
  company: 'with-others' as const,
});

describe('a run that the runner has in hand', () => {
  it('waits, is provisioned, runs, and is published', () => {
    const waiting = waitingRun(facts());
    expect([isBegun(waiting), isStarted(waiting)]).to.deep.equal([false, false]);
    const prepared = provisioning(waiting, ['0']);
    expect([isBegun(prepared), isAtWork(prepared), isStarted(prepared)]).to.deep.equal([true, true, false]);
    expect(atWork(prepared, 'before'), 'it has its turn already').to.deep.equal(prepared);
    const runs = running(prepared, 'alone');
    expect([isBegun(runs), isAtWork(runs), isStarted(runs)]).to.deep.equal([true, false, true]);
    const published = atWork(runs, 'after');
    expect(published).to.include({ state: 'publishing', company: 'alone' });
    expect(published.gpus, 'it keeps what was leased to it').to.deep.equal(['0']);
    expect([isAtWork(published), isStarted(published)]).to.deep.equal([true, true]);
  });

  it('stays one that was started when it is begun anew', () => {
    const found = watched(foundRun({ ...facts(), gpus: ['1'] }));
    for (const run of [found, atWork(found, 'after')]) {
      const restarted = atWork(run, 'before');
      expect(restarted.state).to.equal('restarting');
      expect([isAtWork(restarted), isStarted(restarted)]).to.deep.equal([true, true]);
    }
  });

  it('takes nothing of its environment where it is only closed', () => {
    const closed = closing(waitingRun(facts()));
    expect([isBegun(closed), isAtWork(closed), isStarted(closed)]).to.deep.equal([true, false, false]);
    expect(closed.gpus).to.deep.equal([]);
  });

  it('stands in the registry as what it has become, with what is delivered to it', () => {
    const registry = createRunRegistry();
    const waiting = waitingRun(facts());
    registry.add(waiting);
    const prepared = provisioning(waiting, []);
    registry.move(prepared);
    waiting.attempts.here = 1;
    expect(registry.get(waiting.jobId)?.attempts.here, 'whoever knew it before tells it, too').to.equal(1);
    expect(registry.occupants()).to.have.nested.property('[0].state', 'working');
    expect(registry.remove(waiting)).to.equal(prepared);
    expect(registry.all()).to.deep.equal([]);
  });
});
