/** Jobs of all kinds, as consumers order them. */
import type { Chance } from '../chance.ts';

/** Ends when it is asked to; a shell that waits for a child would not. */
const POLITE = `trap 'exit 143' TERM; nap() { sleep "$1" & wait $!; }`;

const KINDS = {
  quick: () => 'echo done; echo 42 > /data/outputs/answer',
  slow: (chance: Chance) =>
    `${POLITE}; echo begun; nap ${chance.between(1, 5)}; echo 42 > /data/outputs/answer; echo done`,
  failing: () => 'echo no; exit 3',
  greedy: () => 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
  'many files': () =>
    'i=0; while [ $i -lt 20 ]; do i=$((i+1)); head -c 20000 /dev/urandom > /data/outputs/$i 2>/dev/null || cat /proc/self/stat > /data/outputs/$i; done',
  talkative: () =>
    `${POLITE}; i=0; while [ $i -lt 40000 ]; do i=$((i+1)); echo "line $i of a log that goes on and on"; done`,
  endless: () => `${POLITE}; while :; do echo still; nap 1; done`,
  stubborn: () => `trap '' TERM; i=0; while [ $i -lt 6 ]; do i=$((i+1)); sleep 1; done; echo done`,
} as const;

type Kind = keyof typeof KINDS;

/** Mostly those that come to an end by themselves. */
const DRAWN: readonly [Kind, ...Kind[]] = [
  'quick',
  'quick',
  'quick',
  'slow',
  'slow',
  'slow',
  'failing',
  'greedy',
  'many files',
  'talkative',
  'endless',
  'stubborn',
];

export function someWork(chance: Chance): string {
  return KINDS[chance.of(DRAWN)](chance);
}

export const quickWork = (): string => KINDS.quick();
