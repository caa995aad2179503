import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { asyncApi } from '@capstan/shared/contract/asyncapi';
import { ClientFrameSchemas, ServerFrameSchemas, type ServerFrame } from '@capstan/shared/contract/socket';
import { ERRORS } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';
import { openClient } from '../support/live/client.ts';
import { told } from '../support/live/event-stream.ts';

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as object;

interface Described {
  readonly asyncapi: string;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
  readonly channels: { readonly events: { readonly messages: Readonly<Record<string, { readonly payload: object }>> } };
  readonly operations: Readonly<Record<string, { readonly messages: readonly { readonly $ref: string }[] }>>;
}

describe('what the socket says of itself', () => {
  let scene: GatewayScene;
  let description: Described;
  before(async () => {
    scene = await startGateway();
    description = (await scene.caller().call('GET', '/asyncapi.json')).json() as Described;
  });
  after(() => scene[Symbol.asyncDispose]());

  it('is valid AsyncAPI 3', () => {
    const schema = fileURLToPath(import.meta.resolve('@asyncapi/specs/schemas/3.0.0.json'));
    const check = new Ajv({ strict: false, validateFormats: false, allErrors: true, meta: false }).compile(
      readJson(schema),
    );
    const isValid = check(structuredClone(description));
    expect(isValid, JSON.stringify(check.errors?.slice(0, 5), null, 1)).to.equal(true);
    expect(description.asyncapi).to.equal('3.0.0');
    // It can tell.
    expect(check({ ...description, operations: { shout: { action: 'shout' } } })).to.equal(false);
  });

  it('is made from the schemas, and its references lead somewhere', () => {
    expect(description).to.deep.equal(JSON.parse(JSON.stringify(asyncApi('0.1.0', Object.keys(ERRORS)))));
    const { messages } = description.channels.events;
    expect(messages).to.have.all.keys(...Object.keys(ClientFrameSchemas), ...Object.keys(ServerFrameSchemas));
    const references = JSON.stringify(description).matchAll(/"#\/channels\/events\/messages\/(\w+)"/g);
    for (const [, name = ''] of references) expect(messages).to.have.property(name);
  });

  it('names what people make types of, and says with which codes it closes', () => {
    expect(description.components.schemas).to.include.keys('Job', 'Event', 'Snapshot', 'Subscribe', 'Error');
    const references = [...JSON.stringify(description).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
    expect(references).not.to.deep.equal([]);
    for (const [, name = ''] of references) expect(description.components.schemas).to.have.property(name);
    expect(description.components.schemas['Error'])
      .to.have.nested.property('properties.code.enum')
      .that.includes('TOO_SLOW');
    expect(description.channels.events)
      .to.have.nested.property('x-close-codes.4401')
      .that.matches(/sign in/);
  });

  it('holds for every frame that is sent', async () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
    const check = (frame: ServerFrame) => {
      const payload = description.channels.events.messages[frame.type]?.payload;
      if (!payload) throw new Error(`${frame.type} is not described`);
      const isValid = ajv.validate({ ...payload, components: description.components }, frame);
      expect(isValid, `${frame.type}: ${ajv.errorsText(ajv.errors)}`).to.equal(true);
    };
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 10);
    const { token } = (await caller.createToken()).json() as { token: string };
    await using client = openClient(scene.url);
    client.say({ type: 'authenticate', token });
    client.say({ type: 'subscribe', jobId });
    client.say({ type: 'subscribe', subscription: 'start', jobId, from: 'start' });
    client.say({ type: 'subscribe', subscription: 'lost', jobId, from: 1 });
    await client.until((frame) => frame.type === 'caughtUp' && frame.subscription === 'lost', 'the last');
    client.say({ type: 'unsubscribe', subscription: 'lost' });
    client.say({ type: 'ping' });
    await client.until(({ type }) => type === 'pong', 'pong');
    client.say({ type: 'subscribe' });
    await client.ended();
    const frames = client.frames();
    frames.forEach(check);
    expect(new Set(frames.map(({ type }) => type))).to.include.keys(
      ...([
        'hello',
        'authenticated',
        'snapshot',
        'event',
        'caughtUp',
        'reset',
        'unsubscribed',
        'pong',
        'error',
      ] as const),
    );
    for (const { frame } of await told(scene.url, { jobId, from: 'start' })) check(frame);
  });
});
