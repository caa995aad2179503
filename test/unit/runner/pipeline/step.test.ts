import { expect } from 'chai';
import { STATUS } from '@capstan/shared/contract/status';
import { createLog } from '@capstan/shared/runtime/log';
import type { AttemptContext } from '../../../../services/runner/src/pipeline/attempt-context.ts';
import { createControl } from '../../../../services/runner/src/pipeline/control.ts';
import { wayFrom, type Step } from '../../../../services/runner/src/pipeline/step.ts';

function anAttempt() {
  const told: string[] = [];
  const control = createControl();
  const context = {
    attempt: { identity: { jobId: 'a'.repeat(32), run: 1, attempt: 1 }, log: createLog('test', 'silent') },
    control,
    report: (code: number) => void told.push(`status ${code}`),
    signal: new AbortController().signal,
  } as unknown as AttemptContext;
  const step = <Needs extends AttemptContext, Gives extends object>(name: string, run: Step<Needs, Gives>['run']) =>
    ({
      name,
      until: 'halted',
      tells: () => STATUS.started.code,
      run: (of, signal) => {
        told.push(name);
        return run(of, signal);
      },
    }) satisfies Step<Needs, Gives>;
  return { told, control, context, step };
}

describe('a way of steps', () => {
  it('is gone in their order, each with what those before it gave, and its status told before it', async () => {
    const { told, context, step } = anAttempt();
    const way = wayFrom<AttemptContext>()
      .step(step('first', () => Promise.resolve({ one: 1 })))
      .step(step('second', ({ one }: AttemptContext & { readonly one: number }) => Promise.resolve({ two: one + 1 })));
    expect(await way.run(context)).to.include({ one: 1, two: 2 });
    expect(told).to.deep.equal(['status 10', 'first', 'status 10', 'second']);
  });

  it('fails with why it was ended, whatever the step that was at work then made of it', async () => {
    const { told, control, context, step } = anAttempt();
    const way = wayFrom<AttemptContext>()
      .step(
        step('ended', () => {
          control.set('stopped');
          return Promise.reject(new Error('the connection was closed'));
        }),
      )
      .step(step('never', () => Promise.resolve({})));
    const error = await way.run(context).catch((reason: unknown) => reason);
    expect(error).to.equal(control.halted.reason);
    expect(told).not.to.include('never');
  });
});
