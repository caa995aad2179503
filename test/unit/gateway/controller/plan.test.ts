import { expect } from 'chai';
import fc from 'fast-check';
import {
  GRACE_MS,
  planJob,
  REPEAT_MS,
  type Action,
  type Observed,
  type ObservedJob,
  type RunWord,
  type Said,
} from '../../../../services/gateway/src/controller/plan.ts';

const NOW = 1_000_000;

const JOB: ObservedJob = {
  run: 2,
  want: 'run',
  hasBegun: true,
  hasEnded: false,
  sentAt: NOW - 60_000,
  isUnsent: false,
  isEnvironmentLive: true,
  isLeftElsewhere: false,
};
/** A job of run 2 that a live runner is at. */
const SEEN: Observed = {
  now: NOW,
  lostBefore: 0,
  isBusUp: true,
  job: JOB,
  isBuried: false,
  announced: [2],
  endUntold: undefined,
  said: new Map(),
};

type More = Omit<Partial<Observed>, 'job'> & { readonly job?: Partial<ObservedJob> };
const seen = ({ job, ...more }: More): Observed => ({ ...SEEN, ...more, job: { ...JOB, ...job } });
const gone = (more: Omit<More, 'job'>): Observed => ({ ...SEEN, ...more, job: undefined, isBuried: true });
const said = (run: number, want: Said['want'], at = NOW - 1): ReadonlyMap<number, Said> =>
  new Map([[run, { want, at }]]);

const send: Action = { do: 'send' };
const end: Action = { do: 'end' };
const remove: Action = { do: 'delete' };
const tell = (run: number, want: RunWord['want']): Action => ({ do: 'tell', run, want });

const SITUATIONS: readonly (readonly [string, Observed, readonly Action[]])[] = [
  ['one that its runner is at goes on', seen({}), []],
  ['one that waits in the queue waits', seen({ announced: [], job: { hasBegun: false, sentAt: undefined } }), []],

  ['a command that NATS has not taken goes out', seen({ announced: [], job: { isUnsent: true, sentAt: NOW } }), [send]],
  ['…not without NATS', seen({ isBusUp: false, announced: [], job: { isUnsent: true } }), []],
  ['a command may still be on its way', seen({ announced: [], job: { sentAt: NOW - GRACE_MS + 1 } }), []],
  ['one that no runner knows of is sent again', seen({ announced: [] }), [send]],
  ['…at once, if what was on its way is lost', seen({ announced: [], lostBefore: NOW, job: { sentAt: NOW } }), [send]],
  ['…though the clock was set back', seen({ announced: [], job: { sentAt: NOW + 3_600_000 } }), [send]],
  [
    '…not because of a loss that a clock has dated into the future',
    seen({ announced: [], lostBefore: NOW + 3_600_000, job: { sentAt: NOW } }),
    [],
  ],
  ['…not where no live runner offers its environment', seen({ announced: [], job: { isEnvironmentLive: false } }), []],
  ['…also if its runner is at an earlier run', seen({ announced: [1] }), [tell(1, 'ended'), send]],

  [
    'one that is stopped while it waits ends',
    seen({ announced: [], job: { want: 'stopped', hasBegun: false } }),
    [end],
  ],
  ['…without NATS, too', seen({ isBusUp: false, job: { want: 'deleted', hasBegun: false } }), [end]],
  ['one that is stopped while it runs: its runner hears it', seen({ job: { want: 'stopped' } }), [tell(2, 'stopped')]],
  ['…once', seen({ job: { want: 'stopped' }, said: said(2, 'stopped') }), []],
  [
    '…more than once',
    seen({ job: { want: 'stopped' }, said: said(2, 'stopped', NOW - REPEAT_MS) }),
    [tell(2, 'stopped')],
  ],
  ['…and what came after it', seen({ job: { want: 'deleted' }, said: said(2, 'stopped') }), [tell(2, 'deleted')]],
  [
    '…and is sent to another where it is away',
    seen({ announced: [], job: { want: 'stopped' } }),
    [tell(2, 'stopped'), send],
  ],
  [
    '…and ends here where it was left elsewhere',
    seen({ announced: [], job: { want: 'stopped', isLeftElsewhere: true } }),
    [end],
  ],

  ['of one that has ended, its runner hears', seen({ job: { hasEnded: true } }), [tell(2, 'ended')]],
  [
    '…who has only just got the command, too',
    seen({ announced: [], endUntold: { run: 2, want: 'ended' }, job: { hasEnded: true } }),
    [tell(2, 'ended')],
  ],
  ['…and nobody who has nothing of it', seen({ announced: [], job: { hasEnded: true } }), []],
  [
    'one that is deleted and has ended goes',
    seen({ announced: [], job: { hasEnded: true, want: 'deleted' } }),
    [remove],
  ],
  ['…without NATS, too', seen({ isBusUp: false, job: { hasEnded: true, want: 'deleted' } }), [remove]],
  ['a runner that is at a deleted one hears it', gone({ announced: [1] }), [tell(1, 'deleted')]],
  [
    '…and one whose deletion is complete is told of once',
    gone({ announced: [], endUntold: { run: 2, want: 'deleted' } }),
    [tell(2, 'deleted')],
  ],
  ['of a job that was never here, nothing is known', { ...gone({ announced: [1] }), isBuried: false }, []],
];

describe('what is to be done for a job', () => {
  for (const [name, observed, actions] of SITUATIONS) {
    it(name, () => expect(planJob(observed)).to.deep.equal(actions));
  }

  const time = fc.integer({ min: NOW - 30_000, max: NOW + 30_000 });
  const word = fc.constantFrom('stopped', 'deleted', 'ended');
  const run = fc.integer({ min: 1, max: 3 });
  const job: fc.Arbitrary<ObservedJob> = fc.record({
    run,
    want: fc.constantFrom('run', 'stopped', 'deleted'),
    hasBegun: fc.boolean(),
    hasEnded: fc.boolean(),
    sentAt: fc.option(time, { nil: undefined }),
    isUnsent: fc.boolean(),
    isEnvironmentLive: fc.boolean(),
    isLeftElsewhere: fc.boolean(),
  });
  const anything: fc.Arbitrary<Observed> = fc.record({
    now: fc.constant(NOW),
    lostBefore: time,
    isBusUp: fc.boolean(),
    job: fc.option(job, { nil: undefined }),
    isBuried: fc.boolean(),
    announced: fc.uniqueArray(run),
    endUntold: fc.option(fc.record({ run, want: fc.constantFrom('ended', 'deleted') }), { nil: undefined }),
    said: fc.array(fc.tuple(run, fc.record({ want: word, at: time }))).map((entries) => new Map(entries)),
  });

  it('comes to an end, whatever is seen: what is done is not done again at once', () => {
    fc.assert(
      fc.property(anything, (observed) => {
        let state: Observed = { ...observed, lostBefore: Math.min(observed.lostBefore, NOW - 1) };
        for (let round = 0; round < 6; round += 1) {
          const actions = planJob(state);
          if (actions.length === 0) return;
          state = actions.reduce(after, state);
        }
        expect.fail(`still to do: ${JSON.stringify(planJob(state))}`);
      }),
    );
  });

  it('never sends a run that a live runner has, that has ended, or that waits for its turn', () => {
    fc.assert(
      fc.property(anything, (observed) => {
        if (!planJob(observed).some((action) => action.do === 'send')) return;
        expect(observed.job).to.include({ hasEnded: false });
        expect(observed.job?.sentAt).to.be.a('number');
        expect(observed.announced).not.to.include(observed.job?.run);
      }),
    );
  });

  it('says no two things of one run, and tells nobody that a run is over which goes on', () => {
    fc.assert(
      fc.property(anything, (observed) => {
        const words = planJob(observed).filter((action) => action.do === 'tell');
        expect(new Set(words.map((each) => each.run)).size).to.equal(words.length);
        for (const each of words) {
          const goesOn = observed.job && !observed.job.hasEnded && observed.job.run === each.run;
          if (goesOn) expect(each.want).to.equal(observed.job?.want);
        }
      }),
    );
  });
});

/** What is seen once an action is done. */
function after(observed: Observed, action: Action): Observed {
  const { job } = observed;
  switch (action.do) {
    case 'send':
      return job ? { ...observed, job: { ...job, sentAt: NOW, isUnsent: false } } : observed;
    case 'tell': {
      const { run, want } = action;
      const isTold = observed.endUntold?.run === run;
      const words = new Map([...observed.said, [run, { want, at: NOW }] as const]);
      return { ...observed, said: words, endUntold: isTold ? undefined : observed.endUntold };
    }
    case 'end':
      return job ? { ...observed, job: { ...job, hasEnded: true } } : observed;
    case 'delete':
      return { ...observed, job: undefined, isBuried: true };
  }
}
