/**
 * Every route, asked in every way that one could treat otherwise than the others: the answers stand in a file beside this one. To write
 * them anew, because an answer is meant to change: RECORD_TRANSCRIPT=1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { freePort } from '../../../scripts/parts/free-port.ts';
import type { Endpoint } from '@capstan/shared/contract/endpoints';
import type { Call } from '../../conformance/call.ts';
import { describedCalls, PAID } from '../../conformance/described-calls.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { requestsTo, rows, type Sent } from '../../support/gateway/every-request.ts';
import { hear, told, type Detail } from '../../support/gateway/transcript.ts';

const FILE = new URL('transcript.txt', import.meta.url);
const isRecording = process.env.RECORD_TRANSCRIPT === '1';
const BREAK = '\n\n';

/** Of these, what is found differs from machine to machine. */
const BRIEF: ReadonlySet<string> = new Set([
  'root',
  'health',
  'computeEnvironments',
  'encrypt',
  'assetDescription',
  'queryAssets',
]);

describe('the answers of all routes', () => {
  let scene: GatewayScene;
  const decrypter = new Wallet(Wallet.createRandom().privateKey);
  const said = new Map<string, string>();
  const known = new Map<string, string>();
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
        CAPSTAN_GATEWAY_DECRYPTERS: decrypter.address,
        CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true',
        // A chain of which no endpoint answers.
        CAPSTAN_CHAINS: JSON.stringify([{ id: 8996, rpc: [`http://127.0.0.1:${await freePort()}`] }]),
      },
      moreEnvironments: [PAID],
    });
    if (isRecording) return;
    for (const one of readFileSync(FILE, 'utf8').trimEnd().split(BREAK)) {
      const lines = one.split('\n');
      const answer = lines.filter((line) => !line.startsWith('# ')).join('\n');
      for (const line of lines) if (line.startsWith('# ')) known.set(line.slice(2), answer);
    }
  });
  after(() => scene[Symbol.asyncDispose]());
  after(() => {
    if (!isRecording) return;
    const alike = Map.groupBy(said, ([, answer]) => answer);
    const texts = [...alike].map(([answer, all]) => [...all.map(([name]) => `# ${name}`), answer].join('\n'));
    writeFileSync(FILE, `${texts.join(BREAK)}\n`);
  });

  const check = async (name: string, sent: Sent, detail: Detail, isBrief: boolean) => {
    const heard = await hear(scene.url, sent);
    const answer = told(heard, isBrief && heard.status < 300 ? 'members' : detail);
    said.set(name, answer);
    if (!isRecording) expect(answer, name).to.equal(known.get(name));
  };

  const opening = { decrypter, chainId: 8996, transactionId: `0x${'ab'.repeat(32)}` };
  const { calls } = describedCalls(
    () => scene,
    () => opening,
  );
  for (const [name, endpoint] of rows) {
    it(`of ${name} are what they were`, async () => {
      for (const [how, sent] of Object.entries(requestsTo(endpoint))) {
        await check(`${name}: ${how}`, sent, 'all', BRIEF.has(name));
      }
    });
    it(`of ${name} to what brings about each of them are what they were`, async () => {
      for (const [status, make] of Object.entries(calls[name])) {
        const sent = onTheWire(endpoint, await make(scene.caller()));
        await check(`${name}: for ${status}`, sent, 'lasting', true);
      }
    });
  }
});

function onTheWire({ method, path }: Endpoint, { at = path, query = {}, body, headers = {} }: Call): Sent {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const isText = body === undefined || typeof body === 'string';
  return {
    method,
    path: search === '' ? at : `${at}?${search}`,
    headers: { ...(isText ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  };
}
