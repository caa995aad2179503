/** What `initializeCompute` and `initialize` answer: what the orders of a job cost, and which are there already. */
import { Type, type Static } from 'typebox';

/** As `startOrder` and `reuseOrder` of a datatoken take it. */
export const ProviderFeeSchema = Type.Object({
  providerFeeAddress: Type.String(),
  providerFeeToken: Type.String(),
  /** In the smallest unit of the token. */
  providerFeeAmount: Type.String(),
  /** Hex of JSON. */
  providerData: Type.String(),
  v: Type.Integer(),
  r: Type.String(),
  s: Type.String(),
  validUntil: Type.Integer(),
});
export type ProviderFee = Static<typeof ProviderFeeSchema>;

/** What to do about one asset: nothing (`validOrder` alone), reuse an order (both), or order (a fee alone). */
export const OrderQuoteSchema = Type.Object({
  datatoken: Type.Optional(Type.String()),
  providerFee: Type.Optional(ProviderFeeSchema),
  validOrder: Type.Optional(Type.String()),
  checked: Type.Optional(
    Type.Boolean({
      description:
        'Of an algorithm that is trusted by the checksum of its files: whether they were looked at just now. If not, the job finds out.',
    }),
  ),
});
export type OrderQuote = Static<typeof OrderQuoteSchema>;

export const InitializeComputeAnswerSchema = Type.Object({
  datasets: Type.Array(OrderQuoteSchema),
  algorithm: Type.Optional(OrderQuoteSchema),
});
export type InitializeComputeAnswer = Static<typeof InitializeComputeAnswerSchema>;
