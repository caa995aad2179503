import { unseal } from '@capstan/shared/crypto/seal';
import { expect } from 'chai';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const ENCRYPT = '/api/services/encrypt';
const VALIDATE = '/api/services/validateContainer';

describe('encrypting to the node', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const encrypt = (body: string | Blob, query: object = {}) =>
    scene.caller().call('POST', ENCRYPT, { body, query: { ...query } });

  it('gives text that the node alone can read', async () => {
    const text = '{"files":["\u0000 ü €"]}';
    const answer = await encrypt(text, { chainId: 8996 });
    expect(answer.status).to.equal(201);
    expect(answer.headers.get('content-type')).to.match(/^text\/plain/);
    expect(answer.text).to.match(/^0x[0-9a-f]+$/);
    expect(unseal(scene.key, answer.text)).to.equal(text);
    expect((await encrypt(text)).text, 'the same again').not.to.equal(answer.text);
  });

  it('is for the chain of this node', async () => {
    for (const chainId of ['1', '0', '89960']) {
      const answer = await encrypt('x', { chainId });
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.have.nested.property('errors.chainId');
    }
    expect((await encrypt('x', { chainId: 'x' })).status).to.equal(400);
    expect((await encrypt('x', { chainId: '008996' })).status).to.equal(201);
  });

  it('needs something to encrypt, and not too much', async () => {
    expect((await encrypt('')).status).to.equal(400);
    expect((await encrypt('x'.repeat(1_000_000))).status).to.equal(201);
    expect((await encrypt('x'.repeat(1_000_001))).status).to.equal(413);
  });
});

describe('a container that is to be validated', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const validate = (body: object) => scene.caller().call('POST', VALIDATE, { body });
  const good = { image: 'node', tag: '24', entrypoint: 'node $ALGO', checksum: `sha256:${'ab'.repeat(32)}` };

  it('comes back as it would be used', async () => {
    expect((await validate(good)).json()).to.deep.equal(good);
    const { image, entrypoint } = good;
    expect((await validate({ image, entrypoint, checksum: '', more: 1 })).json()).to.deep.equal({ image, entrypoint });
  });

  const refused: readonly (readonly [object, string])[] = [
    [{}, 'missing_entrypoint_image_checksum'],
    [{ image: 'node' }, 'missing_entrypoint_image_checksum'],
    [{ ...good, entrypoint: '' }, 'missing_entrypoint_image_checksum'],
    [{ ...good, entrypoint: 'python3' }, 'missing_entrypoint_image_checksum'],
    [{ ...good, checksum: 'ab'.repeat(32) }, 'checksum_prefix'],
    [{ ...good, checksum: 'sha256:AB' }, 'checksum_prefix'],
  ];
  for (const [container, code] of refused) {
    it(`is refused with ${code}: ${JSON.stringify(container).slice(0, 60)}`, async () => {
      const answer = await validate(container);
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.deep.include({ error: { container: code } });
      expect(answer.json()).to.have.property('message').that.matches(/\.$/);
    });
  }

  it('names a field of another type', async () => {
    expect((await validate({ ...good, image: 7 })).json()).to.have.nested.property('errors.image');
  });
});
