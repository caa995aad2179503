/** Frames about logs. */
import { Type, type Static } from 'typebox';
import { NonceText, Signature } from './api.ts';
import { AnyAddress, JobName, Name, Token } from './frame-parts.ts';
import { LogStreamSchema } from './log.ts';

/** Larger than any log. */
const MAX_OFFSET = 10 ** 12;

export const LogsFrameSchema = Type.Object(
  {
    type: Type.Literal('logs'),
    subscription: Type.Optional(Name),
    jobId: JobName,
    from: Type.Optional(
      Type.Integer({
        minimum: -MAX_OFFSET,
        maximum: MAX_OFFSET,
        description:
          'Bytes from the beginning of the log; below zero, so many before its end as it is now. 0 if absent.',
      }),
    ),
    attempt: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The attempt that `from` is of: another one begins a log of its own.' }),
    ),
    follow: Type.Optional(
      Type.Boolean({ description: '`false`: end with what is there. Otherwise go on until the job has ended.' }),
    ),
    /** Signs consumerAddress + jobId + `log` + nonce, where the socket is not authenticated; uses up the nonce. */
    consumerAddress: Type.Optional(AnyAddress),
    nonce: Type.Optional(NonceText),
    signature: Type.Optional(Signature),
    /** In place of the signature. */
    token: Type.Optional(Token),
  },
  { description: 'Read the log of a job of your own, before, while and after it runs. Ended by `unsubscribe`, too.' },
);
export type LogsFrame = Static<typeof LogsFrameSchema>;

const Offset = Type.Integer({ minimum: 0, description: 'Bytes from the beginning of the log, both streams together.' });

const LogText = {
  jobId: Type.String(),
  /** Which attempt of the run wrote it: each has a log of its own. */
  attempt: Type.Integer(),
  stream: LogStreamSchema,
  offset: Offset,
  /** Where to go on after it. */
  next: Offset,
  /** UTF-8; bytes that are none are replaced. A character that is not whole yet comes with the frame that completes it. */
  text: Type.String(),
};
const LogRestart = {
  jobId: Type.String(),
  attempt: Type.Integer(),
};
const LogEnd = {
  jobId: Type.String(),
  next: Offset,
  /** The job has ended: there will never be more. */
  isComplete: Type.Boolean(),
};

export const LogFrameSchema = Type.Object(
  { type: Type.Literal('log'), subscription: Name, ...LogText },
  { description: 'A piece of the log, of one stream. They come in the order in which they were written.' },
);

export const LogRestartFrameSchema = Type.Object(
  { type: Type.Literal('logRestart'), subscription: Name, ...LogRestart },
  {
    description:
      'The engine lost the container, and another attempt began: forget the log so far, offsets count from 0.',
  },
);

export const LogEndFrameSchema = Type.Object(
  { type: Type.Literal('logEnd'), subscription: Name, ...LogEnd },
  { description: 'That was all of it.' },
);
