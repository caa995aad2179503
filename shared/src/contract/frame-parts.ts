/** What frames of different kinds have in common. */
import { Type } from 'typebox';
import { Paging } from './paging.ts';
import { ProgressSchema } from './progress.ts';

export const AnyAddress = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
export const JobName = Type.String({ minLength: 1, maxLength: 64 });
export const Token = Type.String({ minLength: 1, maxLength: 4_000 });
export const Cursor = Type.Integer({ minimum: 0, description: 'A place in the order of all events of the node.' });

/** The client's own name for a subscription; every frame about it carries the name. */
export const Name = Type.String({ pattern: '^[A-Za-z0-9._:-]{1,64}$' });

/** Shown as it is sent over the bus, without its version. */
const { v: _version, ...progressFields } = ProgressSchema.properties;
export { progressFields };

/** Which jobs of a list come first, and how many: in the words that REST has. */
export const ListParts = {
  status: Paging.status,
  order: Paging.order,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: 'Most jobs of a snapshot or a page; 1,000 if absent.' }),
  ),
};

export const NextPage = Type.Optional(
  Type.Integer({
    minimum: 0,
    description: 'There are more: the `cursor` of the next page, here or over REST. A page may hold none and have one.',
  }),
);
