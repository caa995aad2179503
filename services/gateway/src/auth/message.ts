/** The texts that callers sign, PURE: parts joined without a separator. Source: the wire contract, §4. */

interface StartParts {
  readonly consumerAddress: string;
  readonly documentId: string;
  readonly nonce: string;
}

export const startMessage = ({ consumerAddress, documentId, nonce }: StartParts): string =>
  consumerAddress + documentId + nonce;

interface ResultParts {
  readonly consumerAddress: string;
  readonly jobId: string;
  readonly index: string;
  readonly nonce: string;
}

export const resultMessage = ({ consumerAddress, jobId, index, nonce }: ResultParts): string =>
  consumerAddress + jobId + index + nonce;

interface StatusParts {
  readonly consumerAddress: string;
  readonly jobId?: string | undefined;
  readonly documentId?: string | undefined;
  readonly nonce: string;
}

export const statusMessage = ({ consumerAddress, jobId = '', documentId = '', nonce }: StatusParts): string =>
  consumerAddress + jobId + documentId + nonce;
