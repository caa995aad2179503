/** Frames about lists that are longer than one frame. */
import { Type, type Static } from 'typebox';
import { StatusObjectSchema } from './api.ts';
import { Cursor, ListParts, Name, NextPage, progressFields } from './frame-parts.ts';

export const PageFrameSchema = Type.Object(
  {
    type: Type.Literal('page'),
    subscription: Name,
    cursor: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: '`next` of the snapshot or of the page before; the first page if absent.',
      }),
    ),
    ...ListParts,
  },
  { description: 'Ask for more jobs of a subscription than its snapshot held. Answered with a `page` of the node.' },
);
export type PageFrame = Static<typeof PageFrameSchema>;

export const JobsPageFrameSchema = Type.Object(
  {
    type: Type.Literal('page'),
    subscription: Name,
    cursor: Cursor,
    /** As it was asked for. */
    status: ListParts.status,
    jobs: Type.Array(StatusObjectSchema),
    next: NextPage,
    progress: Type.Array(Type.Object(progressFields)),
  },
  {
    description:
      'Further jobs, as they stand at `cursor`. An event up to there that comes later, because its reader is behind, is in them already.',
  },
);

export const CountsFrameSchema = Type.Object(
  {
    type: Type.Literal('counts'),
    subscription: Name,
    waiting: Type.Integer(),
    running: Type.Integer(),
    ended: Type.Integer(),
  },
  {
    description:
      'How many of the jobs wait for their turn, are with runners, and have ended. For who asked for it; not for jobs by id, dataset or order.',
  },
);
