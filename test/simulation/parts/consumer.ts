/** A consumer: orders jobs, stops, deletes and restarts them, listens, and tries again until it has an answer, as real clients do. */
import type { DeleteRequest, StartRequest, StopRequest } from '@capstan/shared/contract/api';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import type { StatusCode } from '@capstan/shared/contract/status';
import { hasCode } from '@capstan/shared/contract/errors';
import type { Acknowledged, Observed, Subscription } from '../../support/audit/observed.ts';
import type { Random } from '../world/random.ts';
import { outcomeOf, shortDelay } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { DATASET } from './dataset.ts';
import type { Gateway } from './gateway.ts';
import { ENVIRONMENT, type Node } from './node.ts';
import { connect, type Connection } from './connection.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Consumer {
  readonly acknowledged: readonly Acknowledged[];
  readonly effects: Observed['effects'];
  subscriptions(): readonly Subscription[];
  order(): void;
  /** The next run of one of its jobs. */
  restart(pick: number): void;
  stop(pick: number): void;
  remove(pick: number): void;
  /** Sends something else under a nonce that it used before. */
  replay(pick: number): void;
  listen(): void;
  hangUp(): void;
  /** Nothing that it asked for is unanswered. */
  isIdle(): boolean;
}

interface ConsumerOptions {
  readonly name: string;
  readonly owner: Address;
  readonly node: Node;
  readonly world: World;
}

/** What it was told since its last snapshot, over however many connections. */
interface Session extends Mutable<Subscription> {
  readonly cursors: number[];
  /** Where it goes on. */
  reached: number;
}

/** One request, however often it is sent. */
interface Sending<T> {
  readonly what: string;
  readonly nonce: string;
  readonly work: (gateway: Gateway) => Promise<T>;
  /** Takes effect; told where it does, also if the answer gets lost. */
  readonly effect: (value: T) => string;
  readonly answered: (value: T) => void;
}

/** A gateway that is away is asked again after this time. */
const RETRY_MS = 400;
const TRIES = 200;

export function createConsumer({ name, owner, node, world }: ConsumerOptions): Consumer {
  const random: Random = world.random.fork();
  const acknowledged: Mutable<Acknowledged>[] = [];
  const effects: { owner: Address; nonce: string; effect: string }[] = [];
  const started: { readonly request: StartRequest; readonly nonce: string }[] = [];
  const sessions: Session[] = [];
  let connection: Connection | undefined;
  let isHungUp = false;
  let lastNonce = 0;
  let unanswered = 0;
  let sent = 0;

  const newNonce = () => String((lastNonce += 1));
  const picked = (pick: number) => acknowledged[pick % Math.max(1, acknowledged.length)];
  const delay = () => shortDelay(random.next());

  const send = <T>(sending: Sending<T>) => {
    unanswered += 1;
    world.note(name, `${sending.what} (nonce ${sending.nonce})`);
    attempt(sending, TRIES);
  };

  const attempt = <T>(sending: Sending<T>, triesLeft: number): void => {
    const { process, part } = node.gateway();
    const gateway = part();
    const again = () => {
      if (triesLeft === 0) unanswered -= 1;
      else world.after(RETRY_MS * (0.5 + random.next()), () => attempt(sending, triesLeft - 1));
    };
    if (!gateway || !process.isAlive()) return again();
    let isSettled = false;
    const settle = (finish: () => void) => {
      if (isSettled) return;
      isSettled = true;
      finish();
    };
    process.onDeath(() => world.after(delay(), () => settle(again)));
    const reply = (finish: () => void) => {
      if (process.point('an answer to a consumer')) world.after(delay(), () => settle(finish));
    };
    world.after(delay(), () =>
      process.enter(() => {
        void outcomeOf(() => sending.work(gateway)).then((settled) => {
          if (settled.ok) effects.push({ owner, nonce: sending.nonce, effect: sending.effect(settled.value) });
          return reply(() => {
            if (!settled.ok) world.note(name, `is refused ${sending.what}: ${settled.error.message}`);
            if (!settled.ok && hasCode(settled.error, 'STORE_UNAVAILABLE')) return again();
            unanswered -= 1;
            if (settled.ok) sending.answered(settled.value);
          });
        });
      }),
    );
  };

  const acknowledge = ({ jobId, run }: { readonly jobId: JobId; readonly run: number }) => {
    world.note(name, `has job ${shown(jobId)} run ${run} acknowledged`);
    const known = acknowledged.find((each) => each.jobId === jobId);
    if (known) known.run = Math.max(known.run, run);
    else acknowledged.push({ jobId, run, isStopAsked: false, isDeleteAsked: false });
  };

  const startWith = (request: StartRequest, nonce: string, body: string) => {
    send({
      what: `orders ${request.jobId === undefined ? 'a job' : `another run of ${shown(request.jobId)}`}`,
      nonce,
      work: (gateway) => gateway.start(request, body),
      effect: ({ jobId, run }) => `run ${run} of job ${jobId}`,
      answered: acknowledge,
    });
  };
  const start = (jobId: JobId | undefined) => {
    const nonce = newNonce();
    const request = startRequest(owner, nonce, jobId);
    started.push({ request, nonce });
    startWith(request, nonce, `body ${nonce}`);
  };

  const listen = (): void => {
    if (connection) return;
    const { process, part } = node.gateway();
    const gateway = part();
    if (!gateway || !process.isAlive()) return void world.after(RETRY_MS, listen);
    const mine: Connection = connect({
      world,
      process,
      gateway,
      owner,
      from: sessions.at(-1)?.reached ?? 'now',
      receive(frame) {
        // What still arrives for who has hung up, nobody reads.
        if (connection !== mine) return;
        const session = sessions.at(-1);
        if (frame.type === 'snapshot') {
          const snapshot = new Map(frame.jobs.map(({ jobId, status }) => [jobId as JobId, status as StatusCode]));
          sessions.push({ owner, from: frame.cursor, snapshot, cursors: [], isOpen: true, reached: frame.cursor });
        } else if (frame.type === 'event' && session) {
          session.cursors.push(frame.cursor);
          session.reached = frame.cursor;
        } else if (frame.type === 'caughtUp' && session) session.reached = frame.cursor;
        else if (frame.type === 'reset' && session) session.isOpen = false;
      },
      closed() {
        if (connection !== mine) return;
        connection = undefined;
        world.after(RETRY_MS, listen);
      },
    });
    connection = mine;
  };

  return {
    acknowledged,
    effects,
    subscriptions: () =>
      sessions.map((session, index) => ({
        ...session,
        isOpen: session.isOpen && index === sessions.length - 1 && !isHungUp,
      })),
    order: () => start(undefined),
    restart(pick) {
      const job = picked(pick);
      if (job) start(job.jobId);
    },
    stop(pick) {
      const job = picked(pick);
      if (!job) return;
      job.isStopAsked = true;
      const nonce = newNonce();
      const id = (sent += 1);
      const request: StopRequest = { consumerAddress: owner, jobId: job.jobId, nonce };
      send({
        what: `stops ${shown(job.jobId)}`,
        nonce,
        work: (gateway) => gateway.stop(request),
        effect: () => `stop ${id}, time ${(sent += 1)}`,
        answered: () => undefined,
      });
    },
    remove(pick) {
      const job = picked(pick);
      if (!job) return;
      job.isDeleteAsked = true;
      const nonce = newNonce();
      const id = (sent += 1);
      const request: DeleteRequest = { consumerAddress: owner, jobId: job.jobId, nonce };
      send({
        what: `deletes ${shown(job.jobId)}`,
        nonce,
        work: (gateway) => gateway.remove(request),
        effect: () => `deletion ${id}, time ${(sent += 1)}`,
        answered: () => undefined,
      });
    },
    replay(pick) {
      const before = started[pick % Math.max(1, started.length)];
      if (before) startWith(before.request, before.nonce, `other body ${(sent += 1)}`);
    },
    listen() {
      isHungUp = false;
      listen();
    },
    hangUp() {
      const mine = connection;
      connection = undefined;
      mine?.close();
      // What it hears of later, it hears of from where it was.
      isHungUp = true;
    },
    isIdle: () => unanswered === 0,
  };
}

const shown = (jobId: string) => jobId.replace(/^0+/, '#');

function startRequest(consumerAddress: Address, nonce: string, jobId: JobId | undefined): StartRequest {
  return {
    environment: ENVIRONMENT,
    consumerAddress,
    nonce,
    ...(jobId === undefined ? {} : { jobId }),
    dataset: { documentId: DATASET.id, serviceId: 'compute', transferTxId: '0x1' },
    algorithm: { meta: { rawcode: 'simulated', container: { image: 'simulated', tag: '1', entrypoint: 'run $ALGO' } } },
  };
}
