/** All that a signed text could be read as, PURE: its parts stand side by side without separators, so there are often several. */
export type ReadAs = 'start' | 'stop' | 'delete' | 'status' | 'result' | 'log' | 'token' | 'ticket';

export interface Reading {
  readonly as: ReadAs;
  /** What would have to be sent. */
  readonly jobId?: string;
  readonly documentId?: string;
  readonly index?: string;
  readonly nonce: string;
}

const NONCE = String.raw`(\d{1,78}(?:\.\d{1,77})?)`;
const ABOUT_JOBS = new RegExp(`^([0-9a-f]{32})?(did:op:[0-9a-f]{64})?${NONCE}$`);
const ABOUT_LOG = new RegExp(`^([0-9a-f]{32})log${NONCE}$`);
const ABOUT_RESULT = new RegExp(String.raw`^([0-9a-f]{32})(\d+(?:\.\d+)?)$`);

/** `text`: without the address that it begins with. */
export function readingsOf(text: string): readonly Reading[] {
  return [...ofJobs(text), ...ofResults(text), ...ofLog(text)];
}

function ofJobs(text: string): readonly Reading[] {
  const found = ABOUT_JOBS.exec(text);
  if (!found) return [];
  const [, jobId, documentId, nonce = ''] = found;
  const about = {
    ...(jobId === undefined ? {} : { jobId }),
    ...(documentId === undefined ? {} : { documentId }),
    nonce,
  };
  const isOfAll = jobId === undefined && documentId === undefined;
  const kinds: readonly ReadAs[] = [
    'status',
    'stop',
    ...(isOfAll ? (['token', 'ticket'] as const) : (['delete'] as const)),
    ...(documentId === undefined ? [] : (['start'] as const)),
  ];
  return kinds.map((as) => ({ as, ...about }));
}

function ofResults(text: string): readonly Reading[] {
  const [, jobId, digits = ''] = ABOUT_RESULT.exec(text) ?? [];
  if (jobId === undefined) return [];
  const most = Math.min(9, digits.split('.')[0]?.length ?? 0);
  return Array.from({ length: most }, (_, i) => i + 1)
    .map((length) => ({ as: 'result', jobId, index: digits.slice(0, length), nonce: digits.slice(length) }) as const)
    .filter(({ nonce }) => new RegExp(`^${NONCE}$`).test(nonce));
}

function ofLog(text: string): readonly Reading[] {
  const [, jobId, nonce] = ABOUT_LOG.exec(text) ?? [];
  return jobId === undefined || nonce === undefined ? [] : [{ as: 'log', jobId, nonce }];
}
