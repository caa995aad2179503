/**
 * How the gateway has a runner send a file of an asset. It asks over NATS, and gets the address of a ticket; the bytes come over HTTP from
 * the runner itself, to whoever brings that ticket first.
 */
import { Type, type Static } from 'typebox';
import { AssetInputSchema } from './job.ts';

export const FileTicketQuestionSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('send'),
  /** With the parameters of the consumer, if there are any. */
  asset: AssetInputSchema,
  fileIndex: Type.Integer({ minimum: 0, maximum: 5_000 }),
});
export type FileTicketQuestion = Static<typeof FileTicketQuestionSchema>;

export const FileTicketAnswerSchema = Type.Union([
  Type.Object({
    v: Type.Literal(1),
    url: Type.String({ pattern: '^https?://[^/?#@]+/files/[0-9a-f]{64}$', maxLength: 300 }),
  }),
  /** `absent`: there is no file of that number. `elsewhere`: another provider holds them. `closed`: this runner sends none. */
  Type.Object({
    v: Type.Literal(1),
    problem: Type.Unsafe<'absent' | 'elsewhere' | 'unreadable' | 'busy' | 'closed'>(
      Type.Union([
        Type.Literal('absent'),
        Type.Literal('elsewhere'),
        Type.Literal('unreadable'),
        Type.Literal('busy'),
        Type.Literal('closed'),
      ]),
    ),
    reason: Type.Optional(Type.String({ maxLength: 1_000 })),
  }),
]);
export type FileTicketAnswer = Static<typeof FileTicketAnswerSchema>;

/** The header under which a runner says what a file is called, as `encodeURIComponent` writes it. */
export const FILENAME_HEADER = 'capstan-filename';
