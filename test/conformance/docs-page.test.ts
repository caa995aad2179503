import { expect } from 'chai';
import { startGateway } from '../support/gateway/scene.ts';

describe('the page at /docs', () => {
  it('brings all that it needs from this node, and may load nothing from elsewhere', async () => {
    await using scene = await startGateway({ hasRunner: false });
    expect((await fetch(`${scene.url}/docs/`)).url).to.equal(`${scene.url}/docs`);
    for (const path of ['/docs']) {
      const page = await scene.caller().call('GET', path);
      expect(page.headers.get('content-type')).to.match(/^text\/html/);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy)
        .to.contain("default-src 'none'")
        .and.contain("script-src 'self'")
        .and.contain("connect-src 'self'");
      expect(policy).not.to.match(/https?:|\*|unsafe-eval/);
      const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
      expect(files).to.have.length.greaterThan(2);
      for (const file of files) {
        const { origin, pathname } = new URL(file, scene.url + path);
        expect(origin).to.equal(new URL(scene.url).origin);
        expect((await scene.caller().call('GET', pathname)).status, `${path}: ${pathname}`).to.equal(200);
      }
      const start = await scene.caller().call('GET', '/docs/start.js');
      const described = /url: '([^']+)'/.exec(start.text)?.[1] ?? '';
      const { pathname } = new URL(described, scene.url + path);
      expect((await scene.caller().call('GET', pathname)).json()).to.have.property('openapi', '3.1.0');
    }
  });
});
