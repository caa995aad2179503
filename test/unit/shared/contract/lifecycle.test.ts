import { apply, isMove, type LifecycleEvent, type LifecycleState } from '@capstan/shared/contract/lifecycle';
import { isEnding, STATUS, statusRow, type StatusCode } from '@capstan/shared/contract/status';
import { expect } from 'chai';
import fc from 'fast-check';

const codes: readonly StatusCode[] = Object.values(STATUS).map(({ code }) => code);
const endings = codes.filter((code) => isEnding(code));
const progress = codes.filter((code) => !isEnding(code) && code !== 1);

const accepted: LifecycleState = { run: 1, attempt: 0, code: 1 };
const aCode = fc.constantFrom(...codes);
const anEvent = fc.record({ run: fc.integer({ min: 1, max: 2 }), attempt: fc.nat({ max: 3 }), code: aCode });

/** All states a job goes through. */
function walk(events: readonly LifecycleEvent[], from = accepted): readonly LifecycleState[] {
  const states = [from];
  for (const event of events) {
    const verdict = apply(states.at(-1) ?? from, event);
    if (verdict.kind === 'applied') states.push(verdict.state);
  }
  return states;
}

const last = (events: readonly LifecycleEvent[]) => walk(events).at(-1);

/** What one run truly sends: some attempts that break off, then one that may end. */
const aTrueRun = fc
  .record({
    attempts: fc.array(fc.subarray([...progress]), { minLength: 1, maxLength: 3 }),
    ending: fc.option(fc.constantFrom(...endings), { nil: undefined }),
  })
  .map(({ attempts, ending }) => {
    const events = attempts.flatMap((reached, index) =>
      reached.map((code): LifecycleEvent => ({ run: 1, attempt: index + 1, code })),
    );
    if (ending === undefined) return events;
    const attempt = attempts.length;
    const possible = events.filter((event) => event.attempt < attempt || isMove(event.code, ending));
    return [...possible, { run: 1, attempt, code: ending }];
  });

/** A true run as it may arrive: in any order, everything perhaps several times, nothing lost. */
const arrivals = aTrueRun.chain((events) =>
  fc
    .shuffledSubarray(events, { minLength: events.length })
    .chain((order) =>
      fc.array(fc.constantFrom(...events, accepted), { maxLength: 10 }).map((more) => [...order, ...more]),
    )
    .map((arrived) => ({ events, arrived })),
);

describe('the lifecycle', () => {
  it('moves only along the table, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 40 }), (events) => {
        const states = walk(events);
        for (const [index, to] of states.entries()) {
          const from = states[index - 1];
          if (!from) continue;
          expect(to.run).to.equal(from.run);
          expect(to.attempt).to.be.at.least(from.attempt);
          if (to.attempt === from.attempt) expect(isMove(from.code, to.code)).to.equal(true);
        }
      }),
    );
  });

  it('ends a run at most once, and nothing moves it after', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 40 }), (events) => {
        const ended = walk(events).findIndex(({ code }) => isEnding(code));
        if (ended !== -1) expect(ended).to.equal(walk(events).length - 1);
      }),
    );
  });

  it('can always still be ended: by a stop, a deletion, or a failure of the algorithm', () => {
    for (const code of [1, ...progress] as const) {
      for (const ending of [STATUS.stopped, STATUS.deleted, STATUS.algorithmFailed]) {
        expect(isMove(code, ending.code)).to.equal(true);
      }
    }
  });

  it('takes every event once', () => {
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 20 }), anEvent, (before, event) => {
        const state = last([...before, event]);
        expect(last([...before, event, event])).to.deep.equal(state);
      }),
    );
  });

  it('comes to the same state in whatever order the events of a run arrive, and however often', () => {
    fc.assert(
      fc.property(arrivals, ({ events, arrived }) => {
        expect(last(arrived)).to.deep.equal(last(events));
      }),
    );
  });

  it('comes to an ending from the ending alone, as the events before it may be lost', () => {
    for (const code of endings)
      expect(last([{ run: 1, attempt: 1, code }])).to.deep.equal({ run: 1, attempt: 1, code });
  });

  it('starts over in a new attempt, which the old one can no longer move', () => {
    const states = walk([
      { run: 1, attempt: 1, code: 40 },
      { run: 1, attempt: 2, code: 10 },
      { run: 1, attempt: 1, code: 60 },
    ]);
    expect(states.at(-1)).to.deep.equal({ run: 1, attempt: 2, code: 10 });
  });

  it('ends with whichever attempt says so: a runner that lost its memory counts from one again', () => {
    for (const code of endings) {
      const states = walk([
        { run: 1, attempt: 2, code: 60 },
        { run: 1, attempt: 1, code },
      ]);
      expect(states.at(-1)).to.deep.equal({ run: 1, attempt: 2, code: isMove(60, code) ? code : 41 });
    }
  });

  it('ends, as failed, also with an ending that the table has no way to: else it would never', () => {
    expect(apply({ run: 1, attempt: 1, code: 40 }, { run: 1, attempt: 1, code: 11 })).to.deep.equal({
      kind: 'applied',
      state: { run: 1, attempt: 1, code: 41 },
    });
  });

  it('never goes back to waiting', () => {
    fc.assert(
      fc.property(fc.array(anEvent), (events) => {
        expect(
          walk(events)
            .slice(1)
            .map(({ code }) => code),
        ).not.to.include(1);
      }),
    );
  });

  it('says why it ignores an event', () => {
    const running: LifecycleState = { run: 1, attempt: 2, code: 40 };
    const reason = (state: LifecycleState, event: LifecycleEvent) => {
      const verdict = apply(state, event);
      return verdict.kind === 'ignored' ? verdict.reason : verdict.kind;
    };
    expect(reason(running, { run: 2, attempt: 2, code: 60 })).to.equal('other-run');
    expect(reason({ ...running, code: 70 }, { run: 1, attempt: 2, code: 7 })).to.equal('run-ended');
    expect(reason(running, { run: 1, attempt: 1, code: 60 })).to.equal('older-attempt');
    expect(reason(running, { run: 1, attempt: 2, code: 40 })).to.equal('repeated');
    expect(reason(running, { run: 1, attempt: 2, code: 30 })).to.equal('repeated');
    expect(reason(running, { run: 1, attempt: 3, code: 1 })).to.equal('not-a-move');
    expect(reason(running, { run: 1, attempt: 2, code: 60 })).to.equal('applied');
  });

  it('lets failures of a step follow only what comes before it', () => {
    for (const code of [1, ...progress] as const) {
      expect(isMove(code, 31), `31 from ${code}`).to.equal(statusRow(code).rank <= statusRow(20).rank);
    }
  });
});
