/** Settings of how long the gateway's store keeps what no job needs any more. */
import { Type } from 'typebox';
import { LONGEST_KEEP_DAYS, section } from './section.ts';

export const RetentionSchema = Type.Object(
  {
    tombstoneDays: Type.Number({
      minimum: 8,
      maximum: LONGEST_KEEP_DAYS,
      default: 90,
      description:
        'How long the id of a deleted job is kept, in days, so that nothing late brings it back. At least as long as NATS keeps what it was told of a job, which is a week.',
    }),
    deadLetterDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: LONGEST_KEEP_DAYS,
      default: 90,
      description: 'How long messages are kept that could never be applied, in days.',
    }),
  },
  section(
    'How long the store keeps what no job needs any more. Events: see `gateway.live`; results: `storageExpiryS` of an environment.',
  ),
);
