/**
 * Which runner started which attempt of a job last. By it a runner that gets the command of another one, which died, knows how many
 * attempts are used up; and one that comes back knows that its job has gone to somebody else.
 */
import { StartedSchema } from '../contract/messages.ts';
import { jobBucket } from './bucket.ts';
import { STARTED_BUCKET } from './subjects.ts';

const bucket = jobBucket(STARTED_BUCKET, StartedSchema);

export const getStarted = bucket.get;
export const changeStarted = bucket.change;
export const watchStarted = bucket.watch;
