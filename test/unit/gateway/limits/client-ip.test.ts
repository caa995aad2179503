import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createClientIp, networkOf } from '../../../../services/gateway/src/limits/client-ip.ts';

const PROXY = '10.0.0.1';
const CLIENT = '203.0.113.9';

describe("a client's address", () => {
  const table: readonly {
    readonly what: string;
    readonly trusted?: readonly string[];
    readonly peer?: string | undefined;
    readonly forwarded?: string;
    readonly expected: string;
  }[] = [
    { what: "is the peer's", peer: CLIENT, expected: CLIENT },
    {
      what: "is the peer's, whatever it claims, where no proxy is trusted",
      trusted: [],
      peer: PROXY,
      forwarded: CLIENT,
      expected: PROXY,
    },
    {
      what: "is the peer's, whatever it claims, where the peer is no proxy of ours",
      peer: CLIENT,
      forwarded: '1.2.3.4',
      expected: CLIENT,
    },
    { what: 'is the one that our proxy heard from', forwarded: CLIENT, expected: CLIENT },
    { what: 'is the last one that is not ours', forwarded: `6.6.6.6, ${CLIENT}, 10.9.9.9`, expected: CLIENT },
    { what: "is the proxy's where it says nothing", forwarded: '', expected: PROXY },
    { what: "is the proxy's where all are ours", forwarded: '10.1.1.1,10.2.2.2', expected: PROXY },
    { what: "is the proxy's where the last hop is no address", forwarded: `${CLIENT}, unknown`, expected: PROXY },
    { what: 'is found where the hop carries a port', forwarded: `${CLIENT}:4711`, expected: CLIENT },
    { what: 'is found behind a hop of ours with a port', forwarded: `${CLIENT}:4711, 10.9.9.9:80`, expected: CLIENT },
    { what: 'is found in brackets', forwarded: '[2001:db8::7]', expected: '2001:db8::7' },
    { what: 'is found in brackets with a port', forwarded: '[2001:db8::7]:4711', expected: '2001:db8::7' },
    { what: 'is plain in brackets, too', forwarded: `[::ffff:${CLIENT}]:4711`, expected: CLIENT },
    { what: "is the proxy's where the port is none", forwarded: `${CLIENT}:x`, expected: PROXY },
    { what: "is the proxy's where there are only commas", forwarded: ',,,', expected: PROXY },
    { what: 'is found behind spaces', forwarded: `  ${CLIENT}  `, expected: CLIENT },
    { what: 'is plain where the socket takes both families', peer: `::ffff:${CLIENT}`, expected: CLIENT },
    {
      what: 'is believed from a proxy on a socket that takes both families',
      peer: `::ffff:${PROXY}`,
      forwarded: CLIENT,
      expected: CLIENT,
    },
    {
      what: 'may be of IPv6',
      trusted: ['fd00::/8'],
      peer: 'fd00::1',
      forwarded: '2001:db8::7',
      expected: '2001:db8::7',
    },
    { what: 'may have a zone', trusted: ['fe80::/10'], peer: 'fe80::1%eth0', forwarded: CLIENT, expected: CLIENT },
    { what: 'is nothing where the socket is closed already', peer: undefined, expected: '' },
    {
      what: 'is one of a list of 10,000',
      forwarded: Array.from({ length: 10_000 }, () => '10.0.0.7').join(),
      expected: PROXY,
    },
  ];
  for (const { what, trusted = ['10.0.0.0/8'], forwarded = '', expected, ...rest } of table) {
    it(what, () => {
      const peer = 'peer' in rest ? rest.peer : PROXY;
      expect(createClientIp(trusted)(peer, { 'x-forwarded-for': forwarded, forwarded: 'for=6.6.6.6' })).to.equal(
        expected,
      );
    });
  }

  describe('by Forwarded, where the proxies say it there', () => {
    const forwardedTable = [
      ['for=203.0.113.9', CLIENT],
      ['for=203.0.113.9:4711;proto=https;by=10.0.0.1', CLIENT],
      ['proto=https; For="203.0.113.9:4711"', CLIENT],
      ['for="[2001:db8::7]:4711"', '2001:db8::7'],
      ['for=6.6.6.6, for=203.0.113.9;proto=http, for="10.9.9.9:80"', CLIENT],
      ['for=unknown', PROXY],
      ['for=_hidden', PROXY],
      ['by=203.0.113.9', PROXY],
      ['', PROXY],
    ] as const;
    for (const [forwarded, expected] of forwardedTable) {
      it(`is ${expected} for "${forwarded}"`, () => {
        const clientIp = createClientIp(['10.0.0.0/8'], 'Forwarded');
        expect(clientIp(PROXY, { forwarded, 'x-forwarded-for': '6.6.6.6' })).to.equal(expected);
      });
    }
  });

  for (const range of [
    '',
    'proxy.example',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/x',
    '10.0.0.0/8/9',
    '10.0.0',
    '/8',
    '::1/129',
  ]) {
    it(`can't be behind the proxy "${range}", which is an error of the configuration`, () => {
      expect(() => createClientIp([range])).to.throw(CapstanError, 'trustedProxies');
    });
  }
});

describe('the network that is counted as one client', () => {
  const networks = {
    '203.0.113.9': '203.0.113.9',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:0DB8:0001:2::9': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    '::1': '0:0:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '64:ff9b::1.2.3.4': '64:ff9b:0:0::/64',
    '': '',
  };
  for (const [address, network] of Object.entries(networks)) {
    it(`of ${address || 'nobody'} is ${network || 'none'}`, () => expect(networkOf(address)).to.equal(network));
  }
});
