/** What a signature is for, PURE: what was accepted for one purpose is accepted for no other. */
export type Purpose =
  | 'start'
  | 'stop'
  | 'delete'
  | 'status'
  | 'result'
  | 'log'
  | 'token'
  | 'ticket'
  | 'decrypt'
  | 'download';

/** What only reads: a typed signature uses up no nonce for it, and a ticket opens it. */
export const READS: ReadonlySet<Purpose> = new Set(['status', 'result', 'log', 'download']);
/** What Ocean's clients of the Provider era never ask for: their text for it is also that of a status. */
export const TYPED_ONLY: ReadonlySet<Purpose> = new Set(['token', 'ticket']);
