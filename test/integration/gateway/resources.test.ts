import { expect } from 'chai';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Resources } from '@capstan/shared/contract/job';
import type { Environment } from '@capstan/shared/contract/messages';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { ENVIRONMENT } from '../../support/gateway/parts.ts';

const RICH: Environment = {
  ...ENVIRONMENT,
  id: 'rich' as EnvironmentId,
  nCPU: 8,
  ramGB: 16,
  diskGB: 100,
  gpuType: 'A GPU',
  nGPU: 2,
  maxJobs: 4,
  allowNetworkAccess: true,
  perJob: { cpus: 4, ramGB: 8, diskGB: 50, gpus: 2, maxDurationS: 60 },
};

describe('what a job asks of its environment', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ moreEnvironments: [RICH] });
  });
  after(() => scene[Symbol.asyncDispose]());

  const orderOf = (resources: unknown, environment: string = RICH.id) => ({
    ...scene.order(),
    environment,
    resources: resources as Resources,
  });
  const refused = async (resources: unknown, environment?: string) => {
    const caller = scene.caller();
    const answer = await caller.start(orderOf(resources, environment));
    expect(answer.status).to.equal(400);
    expect(
      (await caller.call('GET', '/api/services/compute', { query: { consumerAddress: caller.address } })).jobs(),
    ).to.deep.equal([]);
    const { message, errors } = answer.json() as { message: string; errors: Record<string, string[]> };
    expect(message).to.equal('Validation error');
    return errors;
  };

  it('is refused where it is more than one job gets, field by field, with the numbers, and nothing is queued', async () => {
    const errors = await refused({ cpus: 4.5, ramGB: 9, diskGB: 51, gpus: 3, maxDurationS: 61 });
    expect(errors).to.have.all.keys(
      ['cpus', 'ramGB', 'diskGB', 'gpus', 'maxDurationS'].map((name) => `resources.${name}`),
    );
    expect(errors['resources.cpus']).to.deep.equal([
      'The resources.cpus field must be at most 4, all that rich gives one job. It is 4.5.',
    ]);
  });

  it('is refused where a member is misspelt, and says what it may have been', async () => {
    expect(await refused({ cpu: 1 })).to.deep.equal({
      'resources.cpu': ['The resources.cpu field is not known. Did you mean cpus?'],
    });
    expect(await refused({ cpus: 1, seconds: 5 })).to.deep.equal({
      'resources.seconds': [
        'The resources.seconds field is not known. It can be: cpus, ramGB, diskGB, gpus, maxDurationS.',
      ],
    });
  });

  it('is refused where it is no amount at all', async () => {
    for (const bad of [-1, 0, 'NaN', 'Infinity', '1', true, [], {}, 1e300, 0.001]) {
      expect(await refused({ cpus: bad }), JSON.stringify(bad)).to.have.property('resources.cpus');
    }
    for (const bad of [-1, 0.5, 'one']) expect(await refused({ gpus: bad })).to.have.property('resources.gpus');
    expect(await refused({ ramGB: 0.001 })).to.have.property('resources.ramGB');
    expect(await refused('much')).to.have.property('resources');
  });

  it('can not be a GPU where there is none', async () => {
    expect(await refused({ gpus: 1 }, ENVIRONMENT.id)).to.deep.equal({
      'resources.gpus': ['The resources.gpus field must be 0: local has no GPUs.'],
    });
  });

  it('is what the environments offer, under the names of the page and of ocean.js', async () => {
    const answer = await scene.caller().call('GET', '/api/services/computeEnvironments', { query: { chainId: 8996 } });
    const environments = answer.json() as readonly { readonly id: string }[];
    expect(environments.find(({ id }) => id === RICH.id)).to.deep.include({
      gpuType: 'A GPU',
      nGPU: 2,
      gpuNumber: 2,
      perJob: RICH.perJob,
      allowNetworkAccess: true,
    });
  });

  it('waits for GPUs as long as others have them, says so, and lets those by who need none', async () => {
    const caller = scene.caller();
    const first = await scene.caller().job(orderOf({ cpus: 1, ramGB: 1, diskGB: 1, gpus: 1 }));
    await scene.report(first.jobId, 10);
    const both = await caller.job(orderOf({ cpus: 1, ramGB: 1, diskGB: 1, gpus: 2 }));
    expect((await caller.status(both.jobId)).queue?.reason).to.equal('It waits for 2 GPUs, of which 1 of 2 are free.');
    const smaller = await scene.caller().job(orderOf({ cpus: 1, ramGB: 1, diskGB: 1, gpus: 1 }));
    const none = await scene.caller().job(orderOf({ cpus: 1, ramGB: 1, diskGB: 1 }));
    // Whoever came later and needs no GPU is sent; who needs one does not overtake.
    await scene.sent(none.jobId);
    expect((await caller.status(smaller.jobId)).queue?.position).to.equal(2);
    await scene.report(first.jobId, 40);
    await scene.report(first.jobId, 70);
    await scene.sent(both.jobId);
    expect((await caller.status(smaller.jobId)).queue?.reason).to.contain('It waits for 1 GPUs');
  });
});
