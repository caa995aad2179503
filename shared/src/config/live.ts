/** Settings of live status. */
import { Type } from 'typebox';
import { LONGEST_KEEP_DAYS, LONGEST_TIMER_S, section } from './section.ts';

export const LiveSchema = Type.Object(
  {
    keepEventsDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_KEEP_DAYS,
      default: 30,
      description:
        'How long events are kept, in days: so long a client may have been away and still resume without a gap. Who comes later is told so, and begins with a snapshot.',
    }),
    maxFollowers: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 15_000,
      description: 'Sockets, event streams and long polls at once; each takes some 20 KB.',
    }),
    maxFollowersPerNetwork: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 2_000,
      description: 'The same from one network address.',
    }),
    maxSubscriptions: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Subscriptions of one socket.',
    }),
    maxBufferedKB: Type.Integer({
      minimum: 64,
      maximum: 1_000_000,
      default: 1_000,
      description:
        'Most that waits in memory for a client which reads slowly, in KB. What happens beyond it is read from the store again, as the client takes it.',
    }),
    stallLimitS: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_TIMER_S,
      default: 30,
      description:
        'How long a client may read nothing at all while something waits for it, in seconds, and one more for each 32 KB that wait. Then it is closed, and told from where to go on.',
    }),
    framesPerSecond: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1_000_000,
      default: 20,
      description: 'Frames a second that one socket may send for long.',
    }),
    framesBurst: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 200,
      description: 'Frames that one socket may send at once, after a pause.',
    }),
  },
  section('Live status: sockets, event streams and long polls.'),
);
