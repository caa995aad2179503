/**
 * The one composition of the gateway, from a request to a stored job to its end: `main.ts` and the simulation give it their parts, and both
 * get the same gateway. What clients reach it by, HTTP and sockets, is put together in `doors.ts`.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { Config } from '@capstan/shared/config/schema';
import type { JobId } from '@capstan/shared/contract/ids';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { createMove } from './admission/move.ts';
import { createRemove } from './admission/remove.ts';
import { createStop } from './admission/stop.ts';
import { createSubmit, type SubmitOptions } from './admission/submit.ts';
import type { ResultAssets } from './assets/result-assets.ts';
import type { Callers } from './auth/callers.ts';
import { createCleared } from './controller/cleared.ts';
import { createController } from './controller/controller.ts';
import { createDispatch } from './controller/dispatch.ts';
import { createFinishDeletion } from './controller/finish-deletion.ts';
import { createLeftElsewhere } from './controller/left-elsewhere.ts';
import { createIntake } from './events/intake.ts';
import { createProgressBoard } from './events/progress.ts';
import { createLive } from './live/event-source.ts';
import { createHints } from './live/hints.ts';
import { createHub } from './live/hub.ts';
import { createTelling } from './live/telling.ts';
import { createExpire } from './maintenance/expire.ts';
import { createRetention } from './maintenance/retention.ts';
import type { Post } from './notify/post.ts';
import { createWebhooks } from './notify/webhooks.ts';
import type { Quotas } from './quotas/quotas.ts';
import { createRoom } from './quotas/room.ts';
import type { Results } from './results/open.ts';
import { createEnvironmentConsumers } from './scheduling/environment-consumers.ts';
import { createQueueChanges } from './scheduling/queue-changes.ts';
import { createRunners } from './scheduling/runners.ts';
import { createWhatIsTrue } from './status/still-true.ts';
import { createJobView } from './status/view.ts';
import type { Store } from './store/store.ts';

/** What is beyond the gateway, each behind a port, and the settings that it works by. */
export interface GatewayParts extends Pick<
  SubmitOptions,
  'assets' | 'orders' | 'seal' | 'notifyProblem' | 'trustWithoutChecksums'
> {
  /** Whoever makes it lets it make a consumer for each of `runners.ids()` of the gateway. */
  readonly bus: Bus;
  readonly store: Store;
  /** The store as the events of runners reach it; the simulation lets that fail by itself. */
  readonly eventStore?: Store;
  readonly results: Results;
  readonly resultAssets: ResultAssets;
  readonly callers: Pick<Callers, 'authenticate' | 'nonces' | 'isOperator' | 'acceptsNonceless'>;
  readonly quotas: Quotas;
  /** Environments as this node's own configuration has them. */
  readonly configured?: readonly EnvironmentConfig[];
  readonly settings: Pick<Config['gateway'], 'live' | 'retention' | 'notify'>;
  readonly publicUrl: () => string;
  readonly key: NodeKey;
  readonly post: Post;
  readonly newJobId: () => JobId;
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  /** By which it is told what is over: a clock that believes no leap. */
  readonly cautious?: Pick<Clock, 'now'>;
  readonly log: Log;
}

export function createGateway(parts: GatewayParts) {
  const { bus, store, eventStore = store, results, resultAssets, callers, publicUrl, upkeep, clock, log } = parts;
  const { settings, key, post, configured = [], cautious = clock } = parts;
  const base = { bus, store, clock, log };
  const runners = createRunners({ ...base, configured });
  const room = createRoom(store, parts.quotas);
  const dispatch = createDispatch({ ...base, runners, room, onTaken: (taken) => controller.send(taken) });
  const leftElsewhere = createLeftElsewhere({ store, runners });
  const { show, queuePass } = createJobView({ store, runners, room, leftElsewhere, publicUrl });

  const whatIsTrue = createWhatIsTrue({ store, runners });

  const live = createLive(store, show);
  const hub = createHub(live);
  const hints = createHints(hub);
  const progress = createProgressBoard({ bus, store, onProgress: hints.onProgress, log });
  const telling = createTelling({
    store,
    show,
    queuePass,
    whatIsTrue,
    live,
    hub,
    latestProgress: progress.latest,
    clock,
  });

  const finishDeletion = createFinishDeletion({ ...base, results, resultAssets });
  const cleared = createCleared({ ...base, runners, onRemoved: hints.onRemoved });
  const controller = createController({ ...base, runners, dispatch, cleared, leftElsewhere, finishDeletion, upkeep });
  const { look } = controller;

  const submit = createSubmit({ ...parts, ...callers, runners, room, onStored: () => dispatch.wake() });
  const stop = createStop({ ...base, ...callers, look });
  const remove = createRemove({ ...base, ...callers, finishDeletion, look });
  const move = createMove({ store, runners, clock, log, onMoved: dispatch.wake });
  /** In the order in which they start; they stop the other way round. Who acts on an end is there before the intake stores one. */
  const services: readonly Service[] = [
    bus,
    runners,
    createEnvironmentConsumers({ bus, runners, log }),
    dispatch,
    hub,
    progress,
    createQueueChanges({ store, runners, queue: queuePass, listeners: hints, log }),
    cleared,
    controller,
    createExpire({ store, resultAssets, upkeep, clock: cautious, log }),
    createWebhooks({ store, post, key, settings: settings.notify, clock, log }),
    createIntake({ bus, store: eventStore, results, resultAssets, clock, log }),
    createRetention({ store, settings, upkeep, clock: cautious, log }),
  ];
  return {
    services,
    runners,
    room,
    controller,
    leftElsewhere,
    show,
    queuePass,
    whatIsTrue,
    live,
    hub,
    ...telling,
    submit,
    stop,
    remove,
    move,
  };
}

export type Gateway = ReturnType<typeof createGateway>;
