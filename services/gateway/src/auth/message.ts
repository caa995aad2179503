/** The texts that callers sign, PURE: parts joined without a separator. Source: the wire contract, §4. */

interface StartParts {
  readonly consumerAddress: string;
  /** For a restart. */
  readonly jobId?: string | undefined;
  readonly documentId: string;
  readonly nonce: string;
}

export const startMessage = ({ consumerAddress, jobId = '', documentId, nonce }: StartParts): string =>
  consumerAddress + jobId + documentId + nonce;

interface ResultParts {
  readonly consumerAddress: string;
  readonly jobId: string;
  readonly index: string;
  readonly nonce: string;
}

export const resultMessage = ({ consumerAddress, jobId, index, nonce }: ResultParts): string =>
  consumerAddress + jobId + index + nonce;

/** To read a log, as if it were a result whose index is `log`: no other request can be made with what was signed. */
export const logMessage = (parts: Omit<ResultParts, 'index'>): string => resultMessage({ ...parts, index: 'log' });

interface JobsParts {
  readonly consumerAddress: string;
  readonly jobId?: string | undefined;
  readonly documentId?: string | undefined;
  readonly nonce: string;
}

/** To stop, to delete, and to ask for statuses. */
export const jobsMessage = ({ consumerAddress, jobId = '', documentId = '', nonce }: JobsParts): string =>
  consumerAddress + jobId + documentId + nonce;

/** What ocean.js from 3.3 on signs to stop a job, though it sends a nonce. Replayed, it can only stop that one run again. */
export const noncelessStopMessage = ({ consumerAddress, jobId }: { consumerAddress: string; jobId: string }): string =>
  consumerAddress + jobId;

export const tokenMessage = ({ address, nonce }: { address: string; nonce: string }): string => address + nonce;

interface DecryptParts {
  readonly transactionId?: string | undefined;
  readonly dataNftAddress?: string | undefined;
  readonly decrypterAddress: string;
  readonly chainId: string;
  readonly nonce: string;
}

/** As Aquarius signs it. */
export const decryptMessage = ({ transactionId, dataNftAddress, decrypterAddress, chainId, nonce }: DecryptParts) =>
  (transactionId ?? dataNftAddress ?? '') + decrypterAddress + chainId + nonce;

/** As ocean-node signs it: for whichever description. */
export const decryptAnyMessage = ({ decrypterAddress, nonce }: Pick<DecryptParts, 'decrypterAddress' | 'nonce'>) =>
  `${decrypterAddress}${nonce}decryptDDO`;

/** To download a file of an asset. Which one of them, it does not say. */
export const downloadMessage = (documentId: string, nonce: string): string => documentId + nonce;
