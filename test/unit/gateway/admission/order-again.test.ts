import type { Ddo } from '@capstan/shared/contract/ddo';
import type { JobSpec } from '@capstan/shared/contract/job';
import { expect } from 'chai';
import { orderOf } from '../../../../services/gateway/src/admission/order-again.ts';
import { anAddress, anEnvironment } from '../a-job.ts';

const CONTAINER = { image: 'node', entrypoint: 'node $ALGO' };
const BEGUN = { jobId: '1'.repeat(32), agreementId: '0xorder' };
const asset = (id: string) => ({ ddo: { id } as unknown as Ddo, serviceId: 'compute' });
const aSpec = (changes: Partial<JobSpec> = {}): JobSpec => ({
  environment: anEnvironment(),
  owner: anAddress(),
  datasets: [asset('did:op:1'), { ...asset('did:op:2'), transferTxId: '0xsecond' }],
  algorithm: { kind: 'rawcode', rawcode: '1', container: CONTAINER },
  ...changes,
});

describe('the order of a job that is run again', () => {
  it('names the same assets, code and resources, under the order that it began with', () => {
    const spec = aSpec({ algocustomdata: { a: 1 }, resources: { cpus: 1 }, output: { encryptTo: '02' } });
    expect(orderOf(spec, BEGUN)).to.deep.equal({
      jobId: BEGUN.jobId,
      environment: 'local',
      dataset: { documentId: 'did:op:1', serviceId: 'compute', transferTxId: '0xorder' },
      additionalDatasets: [{ documentId: 'did:op:2', serviceId: 'compute', transferTxId: '0xsecond' }],
      algorithm: { meta: { rawcode: '1', container: CONTAINER }, algocustomdata: { a: 1 } },
      resources: { cpus: 1 },
      output: { encryptTo: '02' },
    });
    const published = aSpec({
      algorithm: { kind: 'published', asset: asset('did:op:3'), container: CONTAINER, trustedFilesChecksums: [] },
    });
    expect(orderOf(published, BEGUN).algorithm).to.include({ documentId: 'did:op:3', serviceId: 'compute' });
  });

  it('is refused where a part of it is sealed: nothing is left out in silence', () => {
    const sealed: readonly Partial<JobSpec>[] = [
      { algorithm: { kind: 'sealed', sealedFiles: '0x', container: CONTAINER } },
      { datasets: [{ ...asset('did:op:1'), sealedUserdata: '0x' }] },
      { output: { sealedNotifyUrl: '0x' } },
    ];
    for (const changes of sealed)
      expect(() => orderOf(aSpec(changes), BEGUN)).to.throw(/Start it again with the order/);
  });
});
