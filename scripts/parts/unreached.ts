/** Why an HTTP call of a command came to nothing, PURE, in words that a person can act on. */
import { systemCode } from '@capstan/shared/contract/errors';

/** What Node says of a certificate whose issuer it does not know. */
const UNKNOWN_ISSUER: ReadonlySet<string | undefined> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

const OF_CERTIFICATES: ReadonlyMap<string | undefined, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet: is the clock of this machine right?'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another name'],
]);

const OTHERS: ReadonlyMap<string | undefined, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'its name leads nowhere'],
  ['EPROTO', 'it does not speak TLS there: is it http:// in place of https://?'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS there: is it http:// in place of https://?'],
]);

/** The certificate, if that is why; undefined otherwise. */
export function certificateProblem(url: string, error: unknown): string | undefined {
  const { host } = new URL(url);
  const code = codeOf(error);
  if (UNKNOWN_ISSUER.has(code)) {
    return `The certificate of ${host} is not trusted here: none of the authorities that Node knows has issued it (${code}). If it is your own, name the certificate of who issued it: NODE_EXTRA_CA_CERTS=/path/to/ca.pem before the command.`;
  }
  const problem = OF_CERTIFICATES.get(code);
  return problem === undefined ? undefined : `The certificate of ${host} ${problem} (${code}).`;
}

/** A sentence. `error` is what `fetch` was rejected with. */
export function whyUnreached(url: string, error: unknown): string {
  const certificate = certificateProblem(url, error);
  if (certificate !== undefined) return certificate;
  const code = codeOf(error);
  const why = OTHERS.get(code) ?? code ?? (error instanceof Error ? error.message : String(error));
  return `Nothing answers at ${new URL(url).host}: ${why}.`;
}

/** That of the innermost cause: fetch says no more than that it failed. */
function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause === undefined ? undefined : codeOf(cause)) ?? systemCode(error);
}
