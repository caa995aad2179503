import { expect } from 'chai';
import fc from 'fast-check';
import type { EnvironmentConfig } from '@capstan/shared/config/schema';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { isMove } from '@capstan/shared/contract/lifecycle';
import { STATUS_ROWS, type StatusCode } from '@capstan/shared/contract/status';
import { ERRORS, type ErrorCode } from '@capstan/shared/errors';
import { hasRoom, mayAsk, type Occupant } from '../../../services/runner/src/capacity.ts';
import { identityOf, labelsOf, namesOf } from '../../../services/runner/src/docker/names.ts';
import { announcedEnvironment, limitsOf, withinOrders, type Machine } from '../../../services/runner/src/limits.ts';
import { createControl } from '../../../services/runner/src/pipeline/control.ts';
import { endingOf, endingOfFailure } from '../../../services/runner/src/pipeline/ending.ts';
import { argvOf } from '../../../services/runner/src/pipeline/entrypoint.ts';
import { inResultOrder } from '../../../services/runner/src/results/order.ts';

const environment = 'local' as EnvironmentId;

describe('capacity', () => {
  const limit = { id: environment, maxJobs: 2 };
  const working: Occupant = { environment, state: 'working', hasCommand: true };

  it('counts what works in the same environment', () => {
    expect(hasRoom(limit, [working])).to.equal(true);
    expect(hasRoom(limit, [working, working])).to.equal(false);
    expect(hasRoom(limit, [working, { ...working, environment: 'other' as EnvironmentId }])).to.equal(true);
    expect(hasRoom(limit, [working, { ...working, state: 'holding' }])).to.equal(true);
  });

  it('asks for the commands of runs that were adopted, also when it is full', () => {
    const adopted: Occupant = { ...working, hasCommand: false };
    expect(hasRoom(limit, [adopted, adopted])).to.equal(false);
    expect(mayAsk(limit, [adopted, adopted])).to.equal(true);
    expect(mayAsk(limit, [working, { ...working, state: 'holding' }])).to.equal(false);
  });
});

describe('limits', () => {
  const machine: Machine = {
    cpuModel: 'A CPU',
    cpus: 8,
    memoryBytes: 10e9,
    diskBytes: 200e9,
    freeDiskBytes: 100e9,
  };
  const config = {
    id: environment,
    maxJobs: 2,
    pids: 512,
    maxJobDurationS: 60,
    storageExpiryS: 60,
  } as EnvironmentConfig;

  it('share what is not configured equally', () => {
    const limits = limitsOf(config, { machine, totalJobs: 4 });
    expect(limits).to.include({ cpus: 2, memoryBytes: 2e9, diskBytes: 12.5e9, pids: 512, maxDurationS: 60 });
  });

  it('follow the configuration', () => {
    const limits = limitsOf({ ...config, cpus: 0.5, memoryGB: 1, diskGB: 3 }, { machine, totalJobs: 4 });
    expect(limits).to.include({ cpus: 0.5, memoryBytes: 1e9, diskBytes: 3e9 });
  });

  it('are the shorter of what the environment allows and what the orders pay for', () => {
    const limits = limitsOf(config, { machine, totalJobs: 4 });
    expect(withinOrders(limits, undefined)).to.equal(limits);
    expect(withinOrders(limits, 61)).to.equal(limits);
    expect(withinOrders(limits, 59)).to.deep.equal({ ...limits, maxDurationS: 59, isPaid: true });
  });

  it('are announced as the machine is, or as much of it as is given away', () => {
    expect(announcedEnvironment(config, machine)).to.include({ cpuType: 'A CPU', nCPU: 8, ramGB: 10, diskGB: 200 });
    expect(announcedEnvironment({ ...config, cpus: 1, memoryGB: 0.5 }, machine)).to.include({ nCPU: 2, ramGB: 1 });
  });
});

describe('an ending', () => {
  const limits = { memoryBytes: 1e9, maxDurationS: 60 };
  const exit = (exitCode: number, isOutOfMemory = false) => ({
    exit: { exitCode, isOutOfMemory },
    because: 'exit' as const,
  });

  it('says what happened', () => {
    expect(endingOf(exit(0), undefined, limits).code).to.equal(70);
    expect(endingOf(exit(3), undefined, limits).termination.reason).to.equal('The algorithm exited with code 3.');
    expect(endingOf(exit(139), undefined, limits).termination).to.include({ signal: 'SIGSEGV', exitCode: 139 });
    expect(endingOf(exit(200), undefined, limits).termination.signal).to.equal(null);
    expect(endingOf(exit(137, true), undefined, limits).termination.reason).to.contain('more memory than 1 GB');
    expect(endingOf(exit(0), 'Too much.', limits)).to.deep.include({ code: 42 });
    expect(endingOf({ ...exit(143), because: 'stop' }, undefined, limits).code).to.equal(7);
    expect(endingOf({ ...exit(137), because: 'time' }, undefined, limits).code).to.equal(43);
  });

  it('of a failure may always follow the status it was reached in', () => {
    const reached = STATUS_ROWS.filter(({ endsFromRank }) => endsFromRank === undefined).map(
      ({ code }) => code as StatusCode,
    );
    const codes = [undefined, ...(Object.keys(ERRORS) as ErrorCode[])];
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.constantFrom(...reached), (code, from) => {
        expect(isMove(from, endingOfFailure(code, from))).to.equal(true);
      }),
    );
  });
});

describe('a command line', () => {
  const argv = (entrypoint: string) => argvOf(entrypoint, '/data/a');
  it('is run as it is', () => {
    expect(argv('node $ALGO')).to.deep.equal(['node', '/data/a']);
    expect(argv('  python3 -u  ${ALGO} --level=3 ')).to.deep.equal(['python3', '-u', '/data/a', '--level=3']);
    expect(argv('$ALGO')).to.deep.equal(['/data/a']);
  });
  it('is left to a shell where it has its syntax', () => {
    for (const line of [
      'node $ALGO > /tmp/x',
      'A=1 node $ALGO',
      'node "$ALGO"',
      'a && b',
      'echo $HOME',
      'cat *',
      'node $ALGORITHM',
    ]) {
      expect(argv(line), line).to.deep.equal(['/bin/sh', '-c', line]);
    }
  });
});

describe('names', () => {
  it('lead back to the run they are of', () => {
    const identity = { runnerId: 'r', environment, jobId: 'a'.repeat(32) as JobId, run: 2, attempt: 3 };
    expect(namesOf(identity).algorithm).to.equal(`capstan-${'a'.repeat(32)}-2-3`);
    expect(identityOf(labelsOf(identity, 'files'))).to.deep.equal(identity);
    expect(identityOf({ 'capstan.job': 'x' })).to.equal(undefined);
  });
});

describe('results', () => {
  it('are ordered: outputs by path, then logs, the own one first', () => {
    const output = (filename: string) => ({ filename, type: 'output' as const });
    const log = (filename: string) => ({ filename, type: 'algorithmLog' as const });
    const files = [log('a.log'), output('b'), log('algorithm.log'), output('a/z')];
    expect(inResultOrder(files).map(({ filename }) => filename)).to.deep.equal(['a/z', 'b', 'algorithm.log', 'a.log']);
  });
});

describe('what is wanted of a run', () => {
  it('only gets more final', () => {
    const control = createControl();
    control.set('stopped');
    control.set('run');
    expect([control.want(), control.halted.aborted, control.dropped.aborted]).to.deep.equal(['stopped', true, false]);
    control.set('deleted');
    control.set('stopped');
    expect([control.want(), control.dropped.aborted]).to.deep.equal(['deleted', true]);
  });
});
