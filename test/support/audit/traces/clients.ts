/** What clients wrote down, as the auditor wants it, PURE. */
import type { JobId } from '@capstan/shared/contract/ids';
import { STATUS } from '@capstan/shared/contract/status';
import type { Acknowledged, Observed, ObservedEvent, Subscription } from '../observed.ts';
import type { ClientEntry } from './entries.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface SeenByClients extends Pick<Observed, 'acknowledged' | 'subscriptions' | 'effects'> {
  /** Every event that any of them was told, by its cursor. */
  readonly events: ReadonlyMap<number, ObservedEvent>;
  /** When any of them heard first that a job was deleted. */
  readonly deletedAt: ReadonlyMap<JobId, number>;
  /** SHA-256 of each download of a result, by `<jobId>.<run>.<index>`. */
  readonly downloads: ReadonlyMap<string, readonly string[]>;
  readonly breaches: readonly string[];
}

export const resultKey = ({ jobId, run }: { readonly jobId: string; readonly run: number }, index: number) =>
  `${jobId}.${run}.${index}`;

export function seenByClients(entries: readonly ClientEntry[]): SeenByClients {
  const acknowledged = new Map<JobId, Mutable<Acknowledged>>();
  const asked = { stop: new Set<JobId>(), delete: new Set<JobId>() };
  const effects: Observed['effects'][number][] = [];
  const sessions = new Map<string, Mutable<Subscription>>();
  const subscriptions: Mutable<Subscription>[] = [];
  const events = new Map<number, ObservedEvent>();
  const downloads = new Map<string, string[]>();
  const deletedAt = new Map<JobId, number>();
  const breaches: string[] = [];

  for (const entry of entries) {
    switch (entry.type) {
      case 'asked':
        asked[entry.what].add(entry.jobId);
        break;
      case 'acknowledged': {
        const { jobId, run } = entry;
        const before = acknowledged.get(jobId)?.run ?? 0;
        acknowledged.set(jobId, { jobId, run: Math.max(run, before), isStopAsked: false, isDeleteAsked: false });
        break;
      }
      case 'effect': {
        const { owner, nonce, effect } = entry;
        effects.push({ owner, nonce, effect });
        break;
      }
      case 'snapshot': {
        const { session, owner, cursor, jobs } = entry;
        const begun = { owner, from: cursor, snapshot: new Map(jobs), cursors: [], isOpen: false };
        sessions.set(session, begun);
        subscriptions.push(begun);
        break;
      }
      case 'event': {
        const { session, type: _, atMs, ...event } = entry;
        if (event.code === STATUS.deleted.code)
          deletedAt.set(event.jobId, Math.min(atMs, deletedAt.get(event.jobId) ?? Infinity));
        const told = sessions.get(session);
        if (told) told.cursors = [...told.cursors, event.cursor];
        events.set(event.cursor, event);
        break;
      }
      case 'reset':
        sessions.delete(entry.session);
        break;
      case 'listening': {
        const told = sessions.get(entry.session);
        if (told) told.isOpen = true;
        break;
      }
      case 'downloaded': {
        const key = resultKey(entry, entry.index);
        downloads.set(key, [...(downloads.get(key) ?? []), entry.sha256]);
        break;
      }
      case 'breach':
        breaches.push(entry.text);
        break;
    }
  }
  for (const job of acknowledged.values()) {
    job.isStopAsked = asked.stop.has(job.jobId);
    job.isDeleteAsked = asked.delete.has(job.jobId);
  }
  return { acknowledged: [...acknowledged.values()], subscriptions, effects, events, deletedAt, downloads, breaches };
}
