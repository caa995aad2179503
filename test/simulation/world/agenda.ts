/** What is still to happen, PURE: a heap by time; what is due at the same time happens in the order in which it was planned. */

export interface Entry {
  readonly at: number;
  readonly act: () => void;
  isCancelled: boolean;
}

export interface Agenda {
  add(at: number, act: () => void): Entry;
  /** The next one that was not cancelled; it leaves the agenda. */
  take(): Entry | undefined;
}

interface Placed extends Entry {
  readonly order: number;
}

const isBefore = (a: Placed, b: Placed) => a.at < b.at || (a.at === b.at && a.order < b.order);

export function createAgenda(): Agenda {
  const heap: Placed[] = [];
  let added = 0;

  const at = (index: number) => heap[index] as Placed;
  const swap = (a: number, b: number) => {
    const kept = at(a);
    heap[a] = at(b);
    heap[b] = kept;
  };

  const rise = () => {
    for (let index = heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!isBefore(at(index), at(parent))) return;
      swap(index, parent);
      index = parent;
    }
  };

  const sink = () => {
    for (let index = 0; ;) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(at(child), at(first))) first = child;
      }
      if (first === index) return;
      swap(index, first);
      index = first;
    }
  };

  const takeFirst = () => {
    const [first] = heap;
    const last = heap.pop();
    if (first && last && first !== last) {
      heap[0] = last;
      sink();
    }
    return first;
  };

  return {
    add(time, act) {
      const entry = { at: time, act, isCancelled: false, order: (added += 1) };
      heap.push(entry);
      rise();
      return entry;
    },
    take() {
      let next = takeFirst();
      while (next?.isCancelled) next = takeFirst();
      return next;
    },
  };
}
