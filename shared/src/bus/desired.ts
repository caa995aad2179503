/** The desired state of jobs: what the gateway wants of each. Where it said nothing, it wants the job to run; its store knows for good. */
import type { JobId } from '../contract/ids.ts';
import { DesiredSchema, type Desired } from '../contract/messages.ts';
import { jobBucket } from './bucket.ts';
import type { Bus } from './connect.ts';
import { DESIRED_BUCKET } from './subjects.ts';

const bucket = jobBucket(DESIRED_BUCKET, DesiredSchema);

export const putDesired = (bus: Bus, jobId: JobId, desired: Omit<Desired, 'v'>): Promise<void> =>
  bucket.put(bus, jobId, { v: 1, ...desired });
export const getDesired = bucket.get;
export const getPlacedDesired = bucket.getPlaced;
export const watchDesired = bucket.watch;
