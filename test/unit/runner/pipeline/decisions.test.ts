import { expect } from 'chai';
import fc from 'fast-check';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { isMove } from '@capstan/shared/contract/lifecycle';
import { STATUS_ROWS, type StatusCode } from '@capstan/shared/contract/status';
import { ERRORS, type ErrorCode } from '@capstan/shared/contract/errors';
import type { Grant } from '../../../../services/runner/src/docker/grant.ts';
import { identityOf, labelsOf, namesOf } from '../../../../services/runner/src/docker/names.ts';
import {
  announcedEnvironment,
  grantTo,
  heldTo,
  limitsOf,
  type Machine,
} from '../../../../services/runner/src/environments/limits.ts';
import { createControl } from '../../../../services/runner/src/pipeline/control.ts';
import { endingOf, endingOfFailure } from '../../../../services/runner/src/pipeline/ending.ts';
import { inResultOrder } from '../../../../services/runner/src/results/order.ts';

const environment = 'local' as EnvironmentId;

describe('limits', () => {
  const machine: Machine = {
    cpuModel: 'A CPU',
    cpus: 8,
    memoryBytes: 10e9,
    diskBytes: 200e9,
    freeDiskBytes: 100e9,
    freeFiles: 80_000,
  };
  const config = {
    id: environment,
    maxJobs: 2,
    pids: 512,
    tmpMB: 64,
    gpus: [] as string[],
    gpuType: '',
    networkAccess: false,
    maxJobDurationS: 60,
    storageExpiryS: 60,
  } as EnvironmentConfig;
  const around = { machine, totalJobs: 4, jobUid: 10_001, jobUids: 10_000, holdsVolumeSizes: false };
  const limits = limitsOf(config, around);

  it('share what is not configured equally', () => {
    expect(limits).to.include({
      cpus: 2,
      memoryBytes: 2e9,
      diskBytes: 12.5e9,
      maxFiles: 10_000,
      pids: 512,
      maxDurationS: 60,
      uid: 10_001,
    });
  });

  it('follow the configuration, as far as the machine goes', () => {
    const configured = limitsOf({ ...config, cpus: 0.5, memoryGB: 1, diskGB: 3, jobUid: 7, tmpMB: 1 }, around);
    expect(configured).to.include({ cpus: 0.5, memoryBytes: 1e9, diskBytes: 3e9, uid: 7, tmpBytes: 1e6 });
    const large = limitsOf({ ...config, cpus: 99, memoryGB: 99, diskGB: 999 }, around);
    expect(large).to.include({ cpus: 8, memoryBytes: 10e9, diskBytes: 200e9 });
    expect(limitsOf({ ...config, maxFiles: 7 }, around).maxFiles).to.equal(7);
    expect(limitsOf(config, { ...around, machine: { ...machine, freeFiles: undefined } }).maxFiles).to.equal(200_000);
  });

  it('of time are the shortest of what the environment allows, the orders pay for, and the job asks for', () => {
    const of = (paidS: number | undefined, maxDurationS: number | undefined) => {
      const { maxDurationS: seconds, limitedBy } = grantTo(limits, {
        paidS,
        resources: maxDurationS === undefined ? {} : { maxDurationS },
        gpus: [],
      });
      return [seconds, limitedBy.duration];
    };
    expect(of(undefined, undefined)).to.deep.equal([60, 'environment']);
    expect(of(61, 60)).to.deep.equal([60, 'environment']);
    expect(of(59, undefined)).to.deep.equal([59, 'orders']);
    expect(of(59, 58)).to.deep.equal([58, 'job']);
    expect(of(57, 58)).to.deep.equal([57, 'orders']);
  });

  it('of a job are never above those of its environment', () => {
    const asked = fc.record(
      {
        cpus: fc.double({ min: 0.01, max: 99, noNaN: true }),
        ramGB: fc.double({ min: 0.01, max: 99, noNaN: true }),
        diskGB: fc.double({ min: 0.01, max: 99, noNaN: true }),
        maxDurationS: fc.integer({ min: 1, max: 999 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(asked, fc.boolean(), (resources, networkAccess) => {
        const grant = grantTo(limits, { resources, networkAccess, gpus: [] });
        for (const name of ['cpus', 'memoryBytes', 'diskBytes', 'maxDurationS'] as const) {
          expect(grant[name]).to.be.at.most(limits[name]);
        }
        expect(grant.network).to.equal(false);
      }),
    );
  });

  it('of the disk are held a little above, where the engine can', () => {
    expect(heldTo(limits)).to.equal(undefined);
    expect(heldTo({ diskBytes: 1e9, isDiskHeld: true })).to.equal(1.01e9);
    expect(heldTo({ diskBytes: 1e6, isDiskHeld: true })).to.equal(2e6);
  });

  it('are announced as the machine is, or as much of it as is given away, with what one job may have', () => {
    const announced = (changes: Partial<EnvironmentConfig>) => {
      const changed = { ...config, ...changes };
      return announcedEnvironment(changed, machine, limitsOf(changed, around));
    };
    expect(announced({})).to.deep.include({
      cpuType: 'A CPU',
      nCPU: 8,
      ramGB: 10,
      diskGB: 200,
      nGPU: 0,
      allowNetworkAccess: false,
      diskQuota: 'measured',
      perJob: { cpus: 2, ramGB: 2, diskGB: 12.5, gpus: 0, maxDurationS: 60 },
    });
    expect(announced({})).not.to.have.property('allowedChainId');
    expect(announced({ allowedChainId: [1] })).to.deep.include({ allowedChainId: [1] });
    const gpus = { gpus: ['0', '1'], gpuType: 'A GPU', networkAccess: true };
    expect(announced({ cpus: 1, memoryGB: 0.5, ...gpus })).to.deep.include({
      nCPU: 2,
      ramGB: 1,
      nGPU: 2,
      gpuType: 'A GPU',
      allowNetworkAccess: true,
      perJob: { cpus: 1, ramGB: 0.5, diskGB: 12.5, gpus: 2, maxDurationS: 60 },
    });
  });
});

describe('an ending', () => {
  const unasked = { memory: 'environment', disk: 'environment', duration: 'environment' } as const;
  const limits = { memoryBytes: 1e9, diskBytes: 1e9, maxFiles: 10, maxDurationS: 60, limitedBy: unasked };
  const exit = (exitCode: number, isOutOfMemory = false) => ({
    exit: { exitCode, isOutOfMemory },
    because: 'exit' as const,
  });

  it('says what happened', () => {
    expect(endingOf(exit(0), {}, limits).code).to.equal(70);
    expect(endingOf(exit(3), {}, limits).termination.reason).to.equal('The algorithm exited with code 3.');
    expect(endingOf(exit(139), {}, limits).termination).to.include({ signal: 'SIGSEGV', exitCode: 139 });
    expect(endingOf(exit(200), {}, limits).termination.signal).to.equal(null);
    expect(endingOf(exit(137, true), {}, limits).termination.reason).to.contain('more memory than 1 GB');
    expect(endingOf(exit(0), { exceeded: 'Too much.' }, limits)).to.deep.include({ code: 42 });
    expect(endingOf({ ...exit(143), because: 'stop' }, {}, limits).code).to.equal(7);
    expect(endingOf({ ...exit(137), because: 'time' }, {}, limits).code).to.equal(43);
  });

  it('never blames the algorithm for an exit that nobody knows, nor calls it complete', () => {
    for (const because of ['exit', 'time', 'engine'] as const) {
      const { code, termination } = endingOf({ exit: 'unknown', because }, {}, limits);
      expect([code, termination.exitCode, termination.signal]).to.deep.equal([41, null, null]);
      expect(termination.reason).to.match(/^The container engine was stopped or restarted while the algorithm ran/);
    }
    expect(endingOf({ exit: 'unknown', because: 'stop' }, {}, limits).code).to.equal(7);
    expect(endingOf({ exit: 'unknown', because: 'disk' }, {}, limits).code).to.equal(42);
  });

  it('is not blamed on memory where only a child was killed for it', () => {
    const failed = endingOf(exit(1, true), {}, limits);
    expect([failed.code, failed.termination.OOMKilled]).to.deep.equal([41, true]);
    expect(failed.termination.reason).to.equal(
      'The algorithm exited with code 1. One of its processes used more memory than 1 GB, the limit of this environment, and was killed.',
    );
    const done = endingOf(exit(0, true), {}, limits);
    expect(done.code).to.equal(70);
    expect(done.termination.reason).to.contain('exited with code 0. One of its processes');
  });

  it('says that something was left out', () => {
    const { code, termination } = endingOf(exit(0), { skipped: [{}] }, limits);
    expect(code).to.equal(70);
    expect(termination.reason).to.contain('publish.log says which and why');
  });

  it('says whose limit it was', () => {
    const reason = (limitedBy: Partial<Grant['limitedBy']>) =>
      endingOf(
        { ...exit(137), because: 'time' },
        {},
        {
          ...limits,
          limitedBy: { ...limits.limitedBy, ...limitedBy },
        },
      ).termination.reason;
    expect(reason({})).to.equal('The algorithm ran longer than 60 seconds, the limit of this environment.');
    expect(reason({ duration: 'orders' })).to.contain('its order pays for no more');
    const full = endingOf({ ...exit(137), because: 'disk', used: { bytes: 1.2345e9, files: 1 } }, {}, limits);
    expect([full.code, full.termination.reason]).to.deep.equal([
      42,
      'The job wrote 1.23 GB, and 1 GB are the limit of this environment. It was stopped.',
    ]);
    const many = endingOf(
      { ...exit(137), because: 'disk', used: { bytes: 1, files: limits.maxFiles + 1 } },
      {},
      limits,
    );
    expect(many.termination.reason).to.match(/^The job made more than \d+ files and folders, the limit of this env/);
    expect(reason({ duration: 'job' })).to.contain('what the job asked for');
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

describe('names', () => {
  it('lead back to the run they are of', () => {
    const grant: Grant = {
      cpus: 0.5,
      memoryBytes: 1e9,
      diskBytes: 1e9,
      maxDurationS: 60,
      gpus: ['1', 'GPU-5a'],
      network: false,
      limitedBy: { memory: 'job', disk: 'environment', duration: 'orders' },
    };
    const identity = { runnerId: 'r', environment, jobId: 'a'.repeat(32) as JobId, run: 2, attempt: 3, grant };
    const withUser = { ...identity, grant: { ...grant, uid: 10_077 } };
    expect(identityOf(labelsOf(withUser, 'files'))).to.deep.equal(withUser);
    expect(namesOf(identity).algorithm).to.equal(`capstan-${'a'.repeat(32)}-2-3`);
    expect(identityOf(labelsOf(identity, 'files'))).to.deep.equal(identity);
    expect(identityOf({ 'capstan.job': 'x' })).to.equal(undefined);

    const marked = { ...identity, node: '0123456789ab' };
    expect(namesOf(marked).algorithm).to.equal(`capstan-${'a'.repeat(32)}-2-3-0123456789ab`);
    expect(namesOf(marked).volumes.outputs).to.equal(`capstan-${'a'.repeat(32)}-2-3-0123456789ab-outputs`);
    expect(identityOf(labelsOf(marked, 'files'))).to.deep.equal(marked);
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
