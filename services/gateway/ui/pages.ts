/** Pages of the jobs that wait and that have ended: the first of each at once, the others when somebody wants to see them. */
import type { Which } from '@capstan/shared/client/status-stream';
import type { Api, PagedKind } from './api.ts';
import type { Jobs } from './jobs.ts';

export interface Pages {
  /** Begins anew: the node has just told how things stand. Resolves when the first page of each kind is here. */
  begin(which: Which): Promise<void>;
  /** Whether there are more than are here. */
  hasMore(kind: PagedKind): boolean;
  more(kind: PagedKind): void;
  end(): void;
}

interface PagesOptions {
  readonly api: Pick<Api, 'list'>;
  readonly jobs: Pick<Jobs, 'mark' | 'add'>;
  readonly fail: (text: string) => void;
}

interface Begun {
  readonly which: Which;
  /** Of the next pages. */
  readonly next: Map<PagedKind, string>;
  readonly asked: Set<PagedKind>;
}

export function createPages({ api, jobs, fail }: PagesOptions): Pages {
  let begun: Begun | undefined;

  const load = async (kind: PagedKind, cursor?: string) => {
    const of = begun;
    if (!of || of.asked.has(kind)) return;
    of.asked.add(kind);
    try {
      const mark = jobs.mark();
      const page = await api.list(of.which, kind, cursor);
      if (begun !== of) return;
      if (page.next === undefined) of.next.delete(kind);
      else of.next.set(kind, page.next);
      jobs.add(page.jobs, mark);
    } catch (error) {
      if (begun === of) fail(error instanceof Error ? error.message : String(error));
    } finally {
      of.asked.delete(kind);
    }
  };

  return {
    async begin(which) {
      begun = { which, next: new Map(), asked: new Set() };
      await Promise.all([load('waiting'), load('ended')]);
    },
    hasMore: (kind) => begun?.next.has(kind) ?? false,
    more(kind) {
      const cursor = begun?.next.get(kind);
      if (cursor !== undefined) void load(kind, cursor);
    },
    end() {
      begun = undefined;
    },
  };
}
