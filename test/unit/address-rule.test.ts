import { expect } from 'chai';
import { ownAddresses } from '@capstan/shared/net/own-addresses';
import { createAddressRule } from '@capstan/shared/net/ssrf-guard';
import { addressRule, portRule } from '@capstan/shared/net/address-rule';

const PUBLIC = ['1.1.1.1', '8.8.8.8', '198.17.255.255', '2606:4700::1111', '2a00:1450::1'];
const NOT_PUBLIC = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '168.63.129.16',
  '::ffff:168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '192.168.0.1',
  '198.18.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '::10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::1',
  '100::1',
  '4000::1',
  '5f00::1',
  '2001::1',
  '2001:db8::1',
  '2002:a00:1::',
  'fc00::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '',
  'localhost',
  'fe80::1%eth0',
  '1.1.1.1/8',
];

describe('the rule of what strangers may make the node reach', () => {
  it('is the same for downloads and for the network of jobs', () => {
    const [forFiles, forJobs] = [createAddressRule([], 'a setting'), addressRule({ allow: [] })];
    for (const address of PUBLIC) {
      expect(forFiles(address), address).to.equal(true);
      expect(forJobs(address), address).to.equal(true);
    }
    for (const address of NOT_PUBLIC) {
      expect(forFiles(address), address).to.equal(false);
      expect(forJobs(address), address).to.equal(false);
    }
  });

  it('follows what the operator allows before what the operator denies', () => {
    const rule = addressRule({
      allow: ['10.1.0.0/16', '4000::/16'],
      deny: ['1.1.1.0/24', '10.0.0.0/8', '2606:4700::1111'],
    });
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '4000::1', '8.8.8.8'])
      expect(rule(address), address).to.equal(true);
    for (const address of ['10.2.0.1', '1.1.1.1', '::ffff:1.1.1.1', '2606:4700::1111']) {
      expect(rule(address), address).to.equal(false);
    }
  });

  it('leaves out what the machine has for its own, at the moment, and what the operator denies', () => {
    let own = ['1.2.3.4', '10.0.0.5', '2606:4700::9'];
    const rule = createAddressRule(['9.9.9.9/32'], 'a setting', { deny: ['8.8.4.0/24'], own: () => own });
    for (const address of ['1.2.3.4', '::ffff:1.2.3.4', '2606:4700::9', '8.8.4.4', '10.0.0.5'])
      expect(rule(address), address).to.equal(false);
    for (const address of ['1.2.3.5', '8.8.8.8', '9.9.9.9']) expect(rule(address), address).to.equal(true);
    own = ['9.9.9.9', '1.2.3.5'];
    expect(rule('1.2.3.5'), 'an address that it has got').to.equal(false);
    expect(rule('1.2.3.4'), 'one that it has lost').to.equal(true);
    expect(rule('9.9.9.9'), 'one of its own that the operator allows').to.equal(true);
  });

  it('knows what this machine has for its own', () => {
    expect(ownAddresses()).to.include('127.0.0.1');
  });
});

describe('the ports of a job', () => {
  const allow = ['10.1.0.0/16', 'fd00::/8'];
  it('are those that are named, at public addresses', () => {
    const isOpen = portRule({ allow, ports: [80, 443] });
    for (const address of PUBLIC) {
      expect(
        [80, 443].every((port) => isOpen(address, port)),
        address,
      ).to.equal(true);
      expect(
        [22, 25, 465, 3306, 8080].some((port) => isOpen(address, port)),
        address,
      ).to.equal(false);
    }
  });
  it('are all of them in ranges that the operator allows, and everywhere where none are named', () => {
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) {
      expect(portRule({ allow, ports: [443] })(address, 5432), address).to.equal(true);
    }
    expect(portRule({ allow, ports: [] })('1.1.1.1', 25)).to.equal(true);
  });
});
