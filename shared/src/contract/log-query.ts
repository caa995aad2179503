/** What a client sends to read a log over REST. */
import { Type, type Static } from 'typebox';
import { Signed, Text } from './api.ts';
import { LogStreamSchema, type LogStream } from './log.ts';

export const LogQuerySchema = Type.Object({
  ...Signed,
  jobId: Text,
  from: Type.Optional(
    Type.String({
      pattern: '^-?[0-9]{1,12}$',
      description: 'Bytes from the beginning of the log; below zero, so many before its end as it is now.',
    }),
  ),
  attempt: Type.Optional(
    Type.String({
      pattern: '^[1-9]$',
      description: 'The attempt that `from` is of: another one begins a log of its own.',
    }),
  ),
  follow: Type.Optional(
    Type.Unsafe<'true' | 'false'>(
      Type.Union([Type.Literal('true'), Type.Literal('false')], {
        description: '`true`: the answer goes on until the job has ended.',
      }),
    ),
  ),
  stream: Type.Optional(
    Type.Unsafe<LogStream>({ ...LogStreamSchema, description: 'Only this one; both, in their order, if absent.' }),
  ),
});
export type LogQuery = Static<typeof LogQuerySchema>;
