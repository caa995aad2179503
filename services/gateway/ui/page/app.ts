/** The page as a whole: who is signed in, which jobs are listed, which one is open, and the connection that tells of them. */
import { connect, type Node } from '@capstan/shared/client/connect';
import { EventSocket } from '@capstan/shared/client/event-socket';
import type { Which } from '@capstan/shared/client/status-stream';
import type { LinkState } from '@capstan/shared/client/link';
import type { StatusObject } from '@capstan/shared/contract/api';
import { createApi, type SessionFacts } from '../api.ts';
import { createJobs } from '../jobs.ts';
import { createPages } from '../pages.ts';
import { createNotices } from '../notices.ts';
import { openJob, type OpenJob } from './open-job.ts';
import { part } from '../parts.ts';
import { hasEnded } from '../phases.ts';
import { ROOT } from '../root.ts';
import { hashFor, placeOf } from '../routes.ts';
import { signInByToken, signInByWallet, storedSession, storeSession } from '../session.ts';
import type { Session } from '../api.ts';
import { createBoard } from '../views/board.ts';
import { environmentList } from '../views/environments.ts';
import { createSignIn } from '../views/sign-in.ts';

/** How often runners tell of their load. */
const ENVIRONMENTS_EVERY_MS = 5_000;
const TICK_MS = 1_000;

export function startApp(): void {
  const api = createApi(() => session);
  const notices = createNotices();
  const showEnvironments = environmentList(part('environments'));
  const detailPart = part('detail');
  let session = storedSession();
  let facts: SessionFacts | undefined;
  let node: Node | undefined;
  let listing: { readonly key: string; readonly stop: AbortController } | undefined;
  let open: OpenJob | undefined;
  /** Whether the job that is closed next was deleted: its line is no place to go back to. */
  let isRemoved = false;
  let listHash = '#/';
  let hasHadSocket = false;
  let isWithoutSockets = false;

  let environment: string | undefined;
  /** Whose jobs, before an environment is chosen. */
  let listed: Which | undefined;
  const jobs = createJobs(() => showJobs());
  const pages = createPages({ api, jobs, fail: notices.fail });
  const board = createBoard(part('board'), {
    pages,
    onEnvironment(id) {
      environment = id;
      list(listed, listHash);
    },
  });
  const showJobs = () => {
    const all = jobs.all();
    const counts = jobs.counts();
    board.update(all, counts);
    const running = counts?.running ?? all.filter(({ job }) => job.status !== 1 && !hasEnded(job.status)).length;
    document.title = running === 0 ? 'Capstan' : `${running} running · Capstan`;
  };

  const signIn = createSignIn(part('who'), {
    byWallet: async () => enter(await signInByWallet(api)),
    byToken: async (text) => enter(signInByToken(text)),
    signOut: () => leave(),
  });

  const enter = async (next: Session) => {
    const before = session;
    session = next;
    facts = await api.facts();
    if (!facts.caller) {
      session = before;
      throw new Error('The node does not take this token: it has expired or was taken back.');
    }
    storeSession(next);
    reconnect();
  };
  const leave = (reason?: string) => {
    session = undefined;
    storeSession(undefined);
    if (reason !== undefined) notices.fail(reason);
    reconnect();
  };

  const reconnect = () => {
    closeJob();
    listing?.stop.abort();
    listing = undefined;
    const before = node;
    // First: what it says when it closes is no news.
    node = undefined;
    before?.close();
    jobs.clear();
    const fresh = connect(ROOT, {
      ...(session ? { auth: { token: session.token } } : {}),
      ...(isWithoutSockets ? { WebSocket: EventSocket } : {}),
    });
    node = fresh;
    fresh.onState((state) => {
      if (node === fresh) linkChanged(state);
    });
    notices.link(fresh.state());
  };

  /** The node answers, and sockets to it don't open: something between lets none through. */
  const fallBack = async () => {
    try {
      await api.facts();
    } catch {
      return;
    }
    if (hasHadSocket || isWithoutSockets) return;
    isWithoutSockets = true;
    notices.explainLink(
      'A proxy between you and the node lets no WebSocket through (it must pass on Upgrade and Connection: docs/proxies.md). This page follows event streams instead.',
    );
    reconnect();
  };

  const linkChanged = (state: LinkState) => {
    notices.link(state);
    if (state.kind === 'open') hasHadSocket ||= !isWithoutSockets;
    if (state.kind === 'waiting' && !hasHadSocket && !isWithoutSockets) void fallBack();
    if (state.kind === 'open') void arrived();
    else if (state.kind === 'closed' && session) leave('Your session has ended. Sign in again.');
    else if (state.kind === 'closed') notices.fail('The node refused the connection. Reload the page to try again.');
  };
  /** The node is there: what may be seen can be another than before, for it may have been restarted. */
  const arrived = async () => {
    try {
      facts = await api.facts();
    } catch (error) {
      return notices.fail(error instanceof Error ? error.message : String(error));
    }
    if (session && !facts.caller) return leave('Your session has ended. Sign in again.');
    signIn.show(facts.caller ?? undefined);
    await refreshEnvironments();
    go();
  };

  const refreshEnvironments = async () => {
    try {
      const environments = await api.environments();
      showEnvironments(environments);
      board.environments(environments.map(({ id }) => id));
    } catch {
      // The connection shows that the node is away; the next round asks again.
    }
  };

  /** Follows the hash. */
  const go = () => {
    if (!facts) return;
    const place = placeOf(location.hash);
    if (place.kind === 'owner') list({ owner: place.owner }, location.hash);
    else if (place.kind === 'dataset') list({ documentId: place.documentId }, location.hash);
    else if (place.kind === 'home' || !listing) list(ownSelection(facts), '#/');
    if (place.kind === 'job') show(place.jobId);
    else closeJob();
  };

  const list = (wanted: Which | undefined, hash: string) => {
    listHash = hash;
    listed = wanted;
    const which = wanted && environment !== undefined ? { ...wanted, environment } : wanted;
    const key = JSON.stringify(which ?? null);
    if (listing?.key === key || !node) return;
    board.explain(which ? 'Asking the node …' : nothingText(which));
    listing?.stop.abort();
    jobs.clear();
    pages.end();
    const stop = new AbortController();
    listing = { key, stop };
    if (which) void follow(node, which, stop.signal);
  };
  const follow = async (from: Node, which: Which, signal: AbortSignal) => {
    try {
      // Those that run are told at once; of the others there may be thousands, which come page by page.
      const wanted: Which = { ...which, detail: 'row', status: 'running', counts: true };
      for await (const frame of from.subscribe(wanted, { signal })) {
        jobs.apply(frame);
        if (frame.type === 'snapshot') void pages.begin(which).then(() => explainNothing(which, signal));
      }
    } catch (error) {
      if (!signal.aborted) notices.fail(error instanceof Error ? error.message : String(error));
      explainNothing(which, signal);
    }
  };
  /** Only now is it known that there is no job, if none is here. */
  const explainNothing = (which: Which, signal: AbortSignal) => {
    if (!signal.aborted) board.explain(nothingText(which));
  };
  const nothingText = (which: Which | undefined): string => {
    if (!which) {
      return facts !== undefined && facts.statusAccess !== 'open'
        ? 'This node shows lists of jobs to their owners. Sign in to see yours.'
        : 'Sign in to see your jobs, or look one up above: by its id, the address of its owner, or the DID of its dataset.';
    }
    if (location.hash.startsWith('#/owner') || location.hash.startsWith('#/data'))
      return 'There are no such jobs here.';
    return 'No job yet. Order one, and it appears here at once: docs/api.md and /docs show how.';
  };

  const isOwner = (job: StatusObject) => session?.address.toLowerCase() === job.owner.toLowerCase();
  const show = (jobId: string) => {
    if (open?.jobId === jobId || !node) return;
    closeJob();
    open = openJob({
      node,
      jobId,
      isOwner,
      mayReadLog: isOwner,
      mayStop: (job) => isOwner(job) || facts?.caller?.isOperator === true,
      stop: (job) => api.stop(job),
      remove: (job) => api.remove(job),
      runAgain: (job) => api.runAgain(job),
      fetchRun: (job, run) => api.run(job, run),
      fetchResult: (job, index, run) => api.result(job, index, run),
      onClose: () => {
        location.hash = listHash;
      },
      onRemoved: () => {
        isRemoved = true;
        location.hash = listHash;
      },
      say: notices.say,
      fail: notices.fail,
    });
    isRemoved = false;
    detailPart.replaceChildren(open.element);
    detailPart.hidden = false;
    part('page').dataset['open'] = 'yes';
    board.select(jobId);
    detailPart.focus({ preventScroll: true });
  };
  function closeJob(): void {
    if (!open) return;
    const { jobId } = open;
    open.close();
    open = undefined;
    detailPart.hidden = true;
    detailPart.replaceChildren();
    delete part('page').dataset['open'];
    board.select(undefined);
    const line = isRemoved ? null : document.querySelector<HTMLElement>(`a[href="#/job/${CSS.escape(jobId)}"]`);
    (line ?? part('board')).focus();
  }

  window.addEventListener('hashchange', go);
  window.addEventListener('online', () => node?.retryNow());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') node?.retryNow();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && open && !document.querySelector('dialog[open]')) location.hash = listHash;
  });
  part('lookup').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = part('lookup-text') as HTMLInputElement;
    const hash = hashFor(field.value);
    if (hash !== undefined) location.hash = hash;
    else notices.fail('Look for a job id (32 characters), an address (0x…) or a DID (did:op:…).');
  });
  setInterval(() => {
    if (document.visibilityState !== 'visible') return;
    showJobs();
    open?.tick();
  }, TICK_MS);
  setInterval(() => {
    if (document.visibilityState === 'visible') void refreshEnvironments();
  }, ENVIRONMENTS_EVERY_MS);

  signIn.show(undefined);
  reconnect();
}

/** What somebody sees first: an operator all jobs, a consumer their own, a visitor none. */
function ownSelection({ caller }: SessionFacts): Which | undefined {
  if (!caller) return undefined;
  return caller.isOperator ? { all: true } : { owner: caller.address };
}
