/** Things that arrive one by one, and whoever waits for a certain one: with a limit that names what did not come. */

export interface Wait<T, R> {
  /** What the wait makes of an item; undefined if it is not the one. */
  readonly match: (item: T) => R | undefined;
  /** Said when it does not come. */
  readonly what: string;
  readonly limitMs: number;
}

export interface Mailbox<T> {
  put(item: T): void;
  /** Nothing more will come: who waits, or will, hears why. */
  end(reason: string): void;
  /** What arrived and is still kept, oldest first. */
  items(): readonly T[];
  /** The first item that matches, arrived already or from now on. */
  first<R>(wait: Wait<T, R>): Promise<R>;
}

interface MailboxOptions<T> {
  /** Whose mailbox, for messages. */
  readonly name: string;
  /** How many items are kept. */
  readonly keep: number;
  /** An item as a line of a message. */
  readonly show: (item: T) => string;
}

const SHOWN = 15;

export function createMailbox<T>({ name, keep, show }: MailboxOptions<T>): Mailbox<T> {
  const items: T[] = [];
  const waiting = new Set<{ offer: (item: T) => void; fail: (problem: string) => void }>();
  let ended: string | undefined;

  const failure = (problem: string) =>
    new Error([`${name}: ${problem}`, ...items.slice(-SHOWN).map(show)].join('\n  '));

  return {
    put(item) {
      items.push(item);
      if (items.length > keep) items.shift();
      for (const { offer } of waiting) offer(item);
    },
    end(reason) {
      ended = reason;
      for (const { fail } of waiting) fail(reason);
    },
    items: () => items,
    first({ match, what, limitMs }) {
      for (const item of items) {
        const found = match(item);
        if (found !== undefined) return Promise.resolve(found);
      }
      if (ended !== undefined) return Promise.reject(failure(`${ended}, before ${what}. The last of it:`));
      return new Promise((resolve, reject) => {
        const settle = () => {
          clearTimeout(limit);
          waiting.delete(waiter);
        };
        const fail = (problem: string) => {
          settle();
          reject(failure(problem));
        };
        const waiter = {
          offer(item: T) {
            const found = match(item);
            if (found === undefined) return;
            settle();
            resolve(found);
          },
          fail: (reason: string) => fail(`${reason}, before ${what}. The last of it:`),
        };
        const limit = setTimeout(() => fail(`no ${what} within ${limitMs / 1000} s. The last of it:`), limitMs);
        waiting.add(waiter);
      });
    },
  };
}
