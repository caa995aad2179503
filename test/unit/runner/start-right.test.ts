/** Nothing runs here: that this file compiles, with the refusals that it expects, is the test. */
import type { ContainerSpec } from '../../../services/runner/src/docker/ports/containers.ts';
import type { Engine } from '../../../services/runner/src/docker/engine.ts';
import { labelsOf, type AttemptIdentity } from '../../../services/runner/src/docker/names.ts';
import type { Claim, StartRights } from '../../../services/runner/src/docker/ours.ts';

interface Given {
  readonly engine: Engine;
  readonly rights: StartRights;
  readonly identity: AttemptIdentity;
  readonly claim: Claim;
  readonly spec: ContainerSpec;
  readonly signal: AbortSignal;
}

describe('the container of an algorithm', () => {
  it('can not be made without the claim of its attempt: such a program does not compile', () => {
    void [claimed, unclaimed, unanswered, another, madeUp, asAHelper];
  });
});

/** Does compile. */
async function claimed({ engine, rights, claim, spec, signal }: Given) {
  const answer = await rights.claimStart(claim, signal);
  if (answer.kind === 'ours') await engine.createAlgorithm(answer, spec, signal);
}

async function unclaimed({ engine, spec, signal }: Given) {
  // @ts-expect-error -- nobody was asked
  await engine.createAlgorithm(spec, signal);
}

async function unanswered({ engine, rights, claim, spec, signal }: Given) {
  const answer = await rights.claimStart(claim, signal);
  // @ts-expect-error -- it may be another runner's
  await engine.createAlgorithm(answer, spec, signal);
}

async function another({ engine, claim, spec, signal }: Given) {
  // @ts-expect-error -- what is asked is no answer
  await engine.createAlgorithm(claim, spec, signal);
}

async function madeUp({ engine, claim, spec, signal }: Given) {
  // @ts-expect-error -- whoever says so of himself was not told
  await engine.createAlgorithm({ kind: 'ours', ...claim }, spec, signal);
}

async function asAHelper({ engine, identity, spec, signal }: Given) {
  // @ts-expect-error -- only what is not the algorithm is made without a right
  await engine.createContainer({ ...spec, labels: labelsOf(identity, 'algorithm') }, signal);
}
