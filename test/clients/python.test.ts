import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startTestNode, type TestNode } from '../support/node.ts';
import { signedByVector, VECTOR, vectorOrder } from './vector.ts';

const CODE = `
const { readFileSync, writeFileSync } = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
const numbers = readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0', 'utf8').trim().split('\\n').map(Number);
writeFileSync('/data/outputs/sum.json', JSON.stringify({ sum: numbers.reduce((a, b) => a + b) }));
`;

describe("a client in Python's standard library", () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  const python = async (words: readonly string[], input: object = {}) => {
    const [command = '', ...rest] = words;
    const child = spawn('python3', [join(import.meta.dirname, 'python_client.py'), command, node.url, ...rest]);
    child.stdin.end(JSON.stringify(input));
    const [out, problem] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { out, problem, code: child.exitCode };
  };
  const jobOf = ({ out, problem }: { out: string; problem: string }) => {
    expect(problem).to.equal('');
    return JSON.parse(out) as StatusObject;
  };

  it('starts a job, polls it to its end and fetches a result', async () => {
    const started = jobOf(await python(['start'], await vectorOrder(node, CODE)));
    expect(started).to.include({ status: 1, owner: VECTOR.consumerAddress, documentId: VECTOR.documentId });
    const { jobId } = started;
    const ended = jobOf(await python(['poll', jobId]));
    expect(ended).to.include({ status: 70, statusText: 'Job completed' });
    const index = ended.results.find(({ filename }) => filename === 'sum.json')?.index;
    const query = Object.fromEntries(new URLSearchParams(signedByVector('result', { jobId, index: String(index) })));
    const { out, problem } = await python(['result'], query);
    expect(problem).to.equal('');
    expect(JSON.parse(out)).to.deep.equal({ sum: 6 });
  });

  it('hears why its order was refused', async () => {
    const { problem, code } = await python(['start'], { ...(await vectorOrder(node, CODE)), environment: 'nowhere' });
    expect(code).to.equal(1);
    expect(problem).to.match(/^40[01] \{"error"/);
  });
});
