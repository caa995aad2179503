/** How callers prove who they are. */
import { Type } from 'typebox';
import { section } from './section.ts';

export const AuthSchema = Type.Object(
  {
    legacySignatures: Type.Boolean({
      default: true,
      description:
        "Whether to accept signatures over the texts that Ocean's clients of the Provider era sign. They name neither the node nor the body, and have no separators; typed signatures, in the header `Capstan-Signature`, do. Off, ocean.js 3.x can no longer use the node.",
    }),
    maxTokenDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: 3_650,
      default: 30,
      description:
        'Longest that a token lasts, in days, whatever is asked: who gets hold of one is its owner for so long. One that was made to last longer counts no more.',
    }),
  },
  section('How callers prove who they are.'),
);
