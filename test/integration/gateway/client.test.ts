import { expect } from 'chai';
import { connect } from '@capstan/shared/client/connect';
import type { StatusFrame } from '@capstan/shared/client/status-stream';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startGateway } from '../../support/gateway/scene.ts';

/** Frames up to the event with this status. */
async function until(frames: AsyncIterable<StatusFrame>, status: number): Promise<readonly StatusFrame[]> {
  const seen: StatusFrame[] = [];
  for await (const frame of frames) {
    seen.push(frame);
    if (frame.type === 'event' && frame.status === status) break;
  }
  return seen;
}

const eventsIn = (frames: readonly StatusFrame[]) => frames.filter((frame) => frame.type === 'event');

describe('the client of the live side, on a real gateway', () => {
  it('sees each event once and in order, through a kill of the gateway', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_PORT: String(await freePort()) } });
    const caller = scene.caller();
    await using node = connect(scene.url);
    const all = until(node.subscribe({ owner: caller.address, from: 'start' }), 70);
    const { jobId } = await caller.job(scene.order());
    for (const code of [10, 20] as const) await scene.report(jobId, code);
    await scene.gateway().kill();
    await scene.restartGateway();
    for (const code of [30, 40, 60, 70] as const) await scene.report(jobId, code);
    const events = eventsIn(await all);
    expect(events.map(({ status }) => status)).to.deep.equal([1, 10, 20, 30, 40, 60, 70]);
    const cursors = events.map(({ cursor }) => cursor);
    expect(cursors).to.deep.equal([...new Set(cursors)].toSorted((a, b) => a - b));
  });

  it('tells of a cursor that the node never gave out, and begins with a snapshot', async () => {
    await using scene = await startGateway({ hasRunner: false });
    await using node = connect(scene.url);
    const frames = node.subscribe({ jobs: ['none'], from: Number.MAX_SAFE_INTEGER });
    const [reset, snapshot] = [(await frames.next()).value, (await frames.next()).value];
    expect([reset?.type, snapshot?.type]).to.deep.equal(['reset', 'snapshot']);
  });

  it('holds several subscriptions on one socket, by a token where statuses must be signed', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const caller = scene.caller();
    const [first, second] = [await caller.job(scene.order()), await caller.job(scene.order())];
    const { token } = (await caller.createToken()).json() as { readonly token: string };
    await using node = connect(scene.url, { auth: { token } });
    const streams = [first, second].map(({ jobId }) => node.subscribe({ jobs: [jobId] }));
    for (const stream of streams) expect((await stream.next()).value?.type).to.equal('snapshot');
    const [one, two] = streams.map((stream) => until(stream, 10));
    await scene.report(second.jobId, 10);
    await scene.report(first.jobId, 10);
    expect(eventsIn((await one) ?? []).map(({ jobId }) => jobId)).to.deep.equal([first.jobId]);
    expect(eventsIn((await two) ?? []).map(({ jobId }) => jobId)).to.deep.equal([second.jobId]);
  });
});
