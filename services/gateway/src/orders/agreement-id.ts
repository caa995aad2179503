/** One spelling for the id of an order, PURE: ocean.js leaves out the `0x` of a transaction hash in some calls and sends it in others. */
export function agreementIdOf(text: string): string {
  return /^[0-9a-fA-F]{64}$/.test(text) ? `0x${text}` : text;
}
