/**
 * The time by which things are deleted because they are over. It does not follow a leap at once: a machine that came back without its
 * clock being set, or whose clock was set wrongly for seconds, would delete at once all that ever expires. A machine that slept or was off
 * looks the same, and has to wait as well.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { systemCode } from '../contract/errors.ts';
import type { Log } from './log.ts';
import type { Service } from './service.ts';

const LEAP_MS = 3_600_000;
/** For so long the clock has to go steadily after a leap. */
const STEADY_MS = 900_000;
const LOOK_EVERY_MS = 60_000;
/** Written by systemd's client of NTP when it has set the clock. */
const SYNCHRONISED = '/run/systemd/timesync/synchronized';

interface CautiousOptions {
  /** Where the last time that was believed is kept. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Unix milliseconds of when the machine last said that its clock is right; undefined if it doesn't say. */
  readonly synchronisedAt?: () => number | undefined;
}

export interface CautiousClock extends Service {
  /** Unix milliseconds: the present, or after a leap what it would be without it. Never later than the present. */
  now(): number;
  /** Why it is not the present, if it is not. */
  problem(): string | undefined;
}

interface Anchor {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function createCautiousClock({
  path,
  clock,
  log,
  synchronisedAt = whenSynchronised,
}: CautiousOptions): CautiousClock {
  const present = (): Anchor => ({ wallMs: clock.now(), monotonicMs: clock.monotonicMs() });
  const kept = readKept(path);
  /** What the clock said, to compare with; it follows leaps. */
  let seen: Anchor = { ...present(), ...(kept === undefined ? {} : { wallMs: kept }) };
  /** The last that was believed, while the present is not. */
  let believed: Anchor | undefined;
  let leapt: Anchor = seen;
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    const now = present();
    const leapMs = now.wallMs - without(seen, now);
    if (Math.abs(leapMs) > LEAP_MS) {
      believed ??= seen;
      leapt = now;
      log.warn({ leapMs: Math.round(leapMs) }, 'the clock leapt: for a while nothing is deleted for its age');
    }
    seen = now;
    if (!believed) return now;
    const isSteady = now.monotonicMs - leapt.monotonicMs >= STEADY_MS;
    const isSet = (synchronisedAt() ?? Number.NEGATIVE_INFINITY) >= Math.min(leapt.wallMs, now.wallMs) - LOOK_EVERY_MS;
    if (!isSteady && !isSet) return now;
    believed = undefined;
    log.info('the clock goes steadily again, and what is over is deleted');
    return now;
  };

  const keep = () => {
    const { wallMs } = look();
    if (believed) return;
    try {
      writeFileSync(`${path}.new`, `${JSON.stringify({ at: wallMs })}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch (error) {
      log.debug({ problem: systemCode(error) }, 'the time could not be kept');
    }
  };

  return {
    name: 'clock',
    start() {
      keep();
      timer = setInterval(keep, LOOK_EVERY_MS);
      return Promise.resolve();
    },
    stop() {
      clearInterval(timer);
      keep();
      return Promise.resolve();
    },
    now() {
      const now = look();
      return believed ? Math.min(now.wallMs, without(believed, now)) : now.wallMs;
    },
    problem() {
      look();
      return believed
        ? 'The clock leapt by more than an hour. For 15 minutes nothing is deleted for its age.'
        : undefined;
    },
  };
}

/** What the wall clock would say now if it had gone steadily since. */
const without = (since: Anchor, { monotonicMs }: Anchor) => since.wallMs + (monotonicMs - since.monotonicMs);

function readKept(path: string): number | undefined {
  try {
    const { at } = JSON.parse(readFileSync(path, 'utf8')) as { readonly at?: unknown };
    return typeof at === 'number' && Number.isFinite(at) ? at : undefined;
  } catch {
    // A first start, or a file that was cut off: then there is nothing to compare with.
    return undefined;
  }
}

function whenSynchronised(): number | undefined {
  try {
    return statSync(SYNCHRONISED).mtimeMs;
  } catch {
    return undefined;
  }
}
