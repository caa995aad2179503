import { expect } from 'chai';
import type { Address } from '@capstan/shared/contract/ids';
import { createStrangers } from '../../../../services/gateway/src/auth/strangers.ts';
import { aNonce } from '../a-job.ts';

const address = (n: number) => `0x${n.toString(16).padStart(40, '0')}` as Address;

describe('the nonces of strangers', () => {
  it('are known until their own network brings too many others', () => {
    const strangers = createStrangers({ ofNetwork: 3, inAll: 100 });
    strangers.saw(address(0), aNonce('5'), 'home');
    for (let n = 1; n <= 50; n += 1) strangers.saw(address(n), aNonce('1'), 'elsewhere');
    expect(strangers.last(address(0))).to.equal('5');
    expect(Array.from({ length: 50 }, (_, n) => strangers.last(address(n + 1))).filter(Boolean)).to.have.length(3);
    for (let n = 51; n <= 53; n += 1) strangers.saw(address(n), aNonce('1'), 'home');
    expect(strangers.last(address(0))).to.equal(undefined);
  });

  it('are so many in all, whatever networks there are', () => {
    const strangers = createStrangers({ ofNetwork: 3, inAll: 10 });
    for (let n = 1; n <= 50; n += 1) strangers.saw(address(n), aNonce('1'), `network ${n}`);
    expect(Array.from({ length: 50 }, (_, n) => strangers.last(address(n + 1))).filter(Boolean)).to.have.length(10);
  });

  it('never go down', () => {
    const strangers = createStrangers();
    strangers.saw(address(1), aNonce('7'), 'home');
    strangers.saw(address(1), aNonce('3'), 'elsewhere');
    expect(strangers.last(address(1))).to.equal('7');
  });
});
