import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createAddressRule } from '@capstan/shared/net/ssrf-guard';
import { capped } from '../../../../services/runner/src/results/cap.ts';

describe('what is kept of a stream', () => {
  it('is cut off with a mark', async () => {
    const source = Readable.from([Buffer.from('12345'), Buffer.from('67890')], { objectMode: false });
    expect(await text(capped(source, 7))).to.match(/^1234567\n\[the log is cut off here/);
    const short = Readable.from([Buffer.from('12345')], { objectMode: false });
    expect(await text(capped(short, 5))).to.equal('12345');
  });
});

describe('the rule for addresses', () => {
  const rule = createAddressRule([], 'runner.fetch.allowPrivate');
  it('takes public ones', () => {
    for (const address of ['93.184.216.34', '2606:2800:220:1::1']) expect(rule(address), address).to.equal(true);
  });
  it('refuses all others, however they are written', () => {
    const refused = ['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '0.0.0.0', '100.64.0.1'];
    const v6 = [
      '::1',
      '::',
      'fe80::1',
      'fc00::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'ff02::1',
    ];
    for (const address of [...refused, ...v6, '224.0.0.1', '255.255.255.255', 'localhost', '']) {
      expect(rule(address), address).to.equal(false);
    }
  });
  it('takes the private ranges that are allowed', () => {
    const allowing = createAddressRule(['10.1.0.0/16', 'fc00::/7'], 'runner.fetch.allowPrivate');
    expect(allowing('10.1.2.3')).to.equal(true);
    expect(allowing('::ffff:10.1.2.3')).to.equal(true);
    expect(allowing('10.2.0.1')).to.equal(false);
    expect(allowing('fd00::1')).to.equal(true);
  });
  it('says which range of the configuration is none', () => {
    expect(() => createAddressRule(['10.1'], 'runner.fetch.allowPrivate')).to.throw('10.1 is not an address range');
  });
});
