import type { StatusObject } from '@capstan/shared/contract/api';
import { expect } from 'chai';
import type { Consumer } from '../../scripts/parts/consumer.ts';

/** A status says of a job that has ended what its last frame said. Meanwhile its containers may have gone, which is told after the end. */
export async function expectSameStatus(consumer: Pick<Consumer, 'status'>, job: StatusObject): Promise<void> {
  const [status, ...others] = await consumer.status({ jobId: job.jobId });
  expect(others).to.deep.equal([]);
  expect(status).to.deep.equal({ ...job, removed: status?.removed });
}
