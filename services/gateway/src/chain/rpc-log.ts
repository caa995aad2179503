/** A log as endpoints write it, and the values in it, PURE. */
import { Type, type Static } from 'typebox';

export const Hex = Type.String({ pattern: '^0x[0-9a-fA-F]*$' });
export const Hash = Type.String({ pattern: '^0x[0-9a-fA-F]{64}$' });
/** Up to 2^52: numbers of blocks and seconds stay exact. */
export const Quantity = Type.String({ pattern: '^0x[0-9a-fA-F]{1,13}$' });

export const LogSchema = Type.Object({
  address: Type.String({ pattern: '^0x[0-9a-fA-F]*$', maxLength: 66 }),
  topics: Type.Array(Hash, { maxItems: 4 }),
  data: Hex,
  blockNumber: Type.Optional(Type.Union([Quantity, Type.Null()])),
  logIndex: Type.Optional(Type.Union([Quantity, Type.Null()])),
});
export type RpcLog = Pick<Static<typeof LogSchema>, 'address' | 'topics' | 'data'>;
