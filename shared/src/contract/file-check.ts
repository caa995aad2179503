/** What the gateway asks a runner about the files of an asset before anybody pays: only runners decrypt, and only they download. */
import { Type, type Static } from 'typebox';
import { AssetInputSchema } from './job.ts';

export const FileCheckQuestionSchema = Type.Object({ v: Type.Literal(1), asset: AssetInputSchema });
export type FileCheckQuestion = Static<typeof FileCheckQuestionSchema>;

export const FileCheckAnswerSchema = Type.Object({
  v: Type.Literal(1),
  /** The sha256 of each file, in hex, one after the other; null where that could not be found out within its bounds. */
  filesChecksum: Type.Union([Type.String({ pattern: '^([0-9a-f]{64})*$', maxLength: 64 * 1_000 }), Type.Null()]),
  /** That nobody was connected to for it: the files have no public address. */
  isRefused: Type.Optional(Type.Boolean()),
});
export type FileCheckAnswer = Static<typeof FileCheckAnswerSchema>;
