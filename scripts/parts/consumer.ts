/** A consumer as the wire contract describes one: a wallet that signs, counts nonces and talks REST. */
import { randomBytes } from 'node:crypto';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { StartRequest, StatusObject } from '@capstan/shared/contract/api';
import { subscribe, type Subscription } from './subscription.ts';

/** What a consumer wants to run; who asks is added. */
export type Order = Omit<StartRequest, 'signature' | 'consumerAddress' | 'nonce'>;

export interface Consumer {
  readonly address: string;
  /** The signed body of a start request. */
  startBody(order: Order): Promise<StartRequest>;
  /** Sends a body as it is, whatever the answer. */
  postStart(body: unknown): Promise<Response>;
  /** Starts a job; fails with the node's own words if it refuses. */
  start(order: Order): Promise<StatusObject>;
  status(query: Readonly<Record<string, string>>): Promise<readonly StatusObject[]>;
  /** A result, whatever the answer. */
  result(jobId: string, index: number, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Deletes a job, whatever the answer. */
  remove(jobId: string): Promise<Response>;
  /** Resolves once the node has answered. */
  stop(jobId: string): Promise<Response>;
  /** Live statuses of one job, or of all jobs of this consumer. Resolves once the node has said where they stand. */
  follow(which?: { readonly jobId: string }): Promise<Subscription>;
}

export function createConsumer(url: string, wallet: { readonly privateKey: string } = Wallet.createRandom()): Consumer {
  const signer = new Wallet(wallet.privateKey);
  const { address } = signer;
  let lastNonce = 0;

  const nextNonce = () => {
    lastNonce = Math.max(lastNonce + 1, Date.now());
    return String(lastNonce);
  };
  const sign = (message: string) => signer.signMessage(getBytes(keccak256(toUtf8Bytes(message))));

  const startBody = async (order: Order): Promise<StartRequest> => {
    const nonce = nextNonce();
    const signature = await sign(address + (order.jobId ?? '') + order.dataset.documentId + nonce);
    return { ...order, consumerAddress: address, nonce, signature };
  };
  const postStart = (body: unknown) =>
    fetch(`${url}/api/services/compute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const about = async (method: 'PUT' | 'DELETE', jobId: string) => {
    const nonce = nextNonce();
    const signature = await sign(address + jobId + nonce);
    const query = new URLSearchParams({ consumerAddress: address, jobId, nonce, signature });
    return fetch(`${url}/api/services/compute?${query.toString()}`, { method });
  };
  return {
    address,
    startBody,
    postStart,
    async start(order) {
      const [job] = await jobsIn(await postStart(await startBody(order)));
      if (job === undefined) throw new Error('The node accepted the order and named no job.');
      return job;
    },
    async status(query) {
      return jobsIn(await fetch(`${url}/api/services/compute?${new URLSearchParams(query).toString()}`));
    },
    async result(jobId, index, headers = {}) {
      const nonce = nextNonce();
      const signature = await sign(address + jobId + String(index) + nonce);
      const query = { consumerAddress: address, jobId, index: String(index), nonce, signature };
      return fetch(`${url}/api/services/computeResult?${new URLSearchParams(query).toString()}`, { headers });
    },
    remove: (jobId) => about('DELETE', jobId),
    stop: (jobId) => about('PUT', jobId),
    async follow(which) {
      const nonce = nextNonce();
      const signature = await sign(address + (which?.jobId ?? '') + nonce);
      return subscribe(url, { ...(which ?? { consumerAddress: address }), signature, nonce });
    },
  };
}

/** A transaction id for an order, where orders are free. */
export function freeOrder(): string {
  return `0x${randomBytes(32).toString('hex')}`;
}

async function jobsIn(response: Response): Promise<readonly StatusObject[]> {
  if (!response.ok) throw new Error(`The node answered ${response.status}: ${await response.text()}`);
  // The answer's form is the node's promise; tests of the contract check it.
  return (await response.json()) as StatusObject[];
}
