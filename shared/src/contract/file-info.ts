/** What the gateway asks a runner about files for whoever looks at an asset: only runners decrypt, and only they download. */
import { Type, type Static } from 'typebox';
import { AssetInputSchema } from './job.ts';

/** So many files of a service are looked at for one question; of further ones only their number is told. */
export const MOST_LOOKED_AT = 20;

export const FileInfoQuestionSchema = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('info'),
  /** The files of a service; */
  asset: Type.Optional(AssetInputSchema),
  /** or files that belong to none, encrypted to the node's key. */
  sealedFiles: Type.Optional(Type.String({ maxLength: 1_000_000 })),
  /** This one alone. */
  fileIndex: Type.Optional(Type.Integer({ minimum: 0, maximum: 5_000 })),
  checksum: Type.Boolean(),
});
export type FileInfoQuestion = Static<typeof FileInfoQuestionSchema>;

/** A file as clients are told of it: nothing of its address. */
export const FileInfoSchema = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  valid: Type.Boolean({
    description: 'Whether it can be had from here at the moment. Of a file that was not looked at, false.',
  }),
  type: Type.String({ maxLength: 32, description: 'Which kind of file it is: `url`, `ipfs`, `arweave` and so on.' }),
  contentLength: Type.String({
    maxLength: 20,
    description: 'Bytes, in decimal digits; empty where its source does not say.',
  }),
  contentType: Type.String({ maxLength: 128 }),
  filename: Type.Optional(
    Type.String({
      maxLength: 300,
      description: 'As its server names it, else its number. Never a part of its address.',
    }),
  ),
  checksum: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  checksumType: Type.Optional(Type.Literal('sha256')),
});
export type FileInfo = Static<typeof FileInfoSchema>;

export const FileInfoAnswerSchema = Type.Union([
  Type.Object({
    v: Type.Literal(1),
    files: Type.Array(FileInfoSchema, { maxItems: 5_000 }),
    /** That nobody was connected to for it: none of them has a public address. For the gateway alone. */
    isRefused: Type.Optional(Type.Boolean()),
  }),
  /** `elsewhere`: another provider holds them. `unreadable`: with this reason. `busy`: ask again. */
  Type.Object({
    v: Type.Literal(1),
    problem: Type.Union([Type.Literal('elsewhere'), Type.Literal('unreadable'), Type.Literal('busy')]),
    reason: Type.Optional(Type.String({ maxLength: 1_000 })),
  }),
]);
export type FileInfoAnswer = Static<typeof FileInfoAnswerSchema>;
