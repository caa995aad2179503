/** Where the page is, by what stands behind the # of its address, PURE. */

export type Place =
  | { readonly kind: 'home' }
  | { readonly kind: 'job'; readonly jobId: string }
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'dataset'; readonly documentId: string };

export function placeOf(hash: string): Place {
  const [, kind = '', ...rest] = hash.split('/');
  return understood(kind, decoded(rest.join('/'))) ?? { kind: 'home' };
}

/** What somebody looks for, as the hash that leads there; undefined if it is nothing that jobs are found by. */
export function hashFor(text: string): string | undefined {
  const wanted = text.trim();
  if (/^[0-9a-f]{32}$/i.test(wanted)) return `#/job/${wanted.toLowerCase()}`;
  if (/^0x[0-9a-f]{40}$/i.test(wanted)) return `#/owner/${wanted}`;
  if (wanted.startsWith('did:')) return `#/data/${wanted}`;
  return undefined;
}

function understood(kind: string, value: string): Place | undefined {
  if (kind === 'job' && value !== '') return { kind, jobId: value };
  if (kind === 'owner' && value !== '') return { kind, owner: value };
  if (kind === 'data' && value !== '') return { kind: 'dataset', documentId: value };
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
