/** Reading what is an owner's alone: the nonce is used up once there is something to give, and the text that was signed serves for nothing else. */
import { readJobId, type Address, type JobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Authenticate, Caller, Credentials, Signing } from './authenticate.ts';
import type { Proof } from './credentials.ts';
import type { NonceBook } from './nonce-book.ts';
import type { Store } from '../store/store.ts';
import { MOST_TEXTS } from '../store/used-texts.ts';

interface Read<T> {
  readonly jobId: string;
  readonly credentials: Credentials;
  readonly proof: Proof | undefined;
  readonly network: string;
  readonly signing: Signing;
  /** Rejects for what is not there, or is not theirs. */
  readonly open: (caller: Address) => T | Promise<T>;
  /** Where the nonce turns out to be used up meanwhile. */
  readonly close?: (opened: T) => Promise<void>;
}

export type Reading = <T>(read: Read<T>) => Promise<T>;

interface ReadingOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
}

export function createReading({ store, authenticate, nonces }: ReadingOptions): Reading {
  /** The caller's own job, whose row the text is kept with. */
  const ownJob = (text: string, { address }: Caller): JobId | undefined => {
    const jobId = readJobId(text);
    return jobId && store.jobs.find(jobId)?.owner === address ? jobId : undefined;
  };
  const remember = (jobId: JobId | undefined, { digest }: Caller, { purpose }: Signing) => {
    if (jobId !== undefined && digest !== undefined) store.usedTexts.add(digest, purpose, jobId);
  };

  return async ({ jobId: text, credentials, proof, network, signing, open, close }) => {
    const caller = await authenticate.prove(credentials, signing, proof);
    const own = ownJob(text, caller);
    if (own && caller.digest && store.usedTexts.isFull(own)) throw tooMany();
    const opened = await orNoted(own, caller, signing, (address) => {
      authenticate.admit(caller);
      return open(address);
    });
    if (!caller.spends) return opened;
    try {
      await store.write(() => {
        nonces.spend(caller.address, caller.nonce, network);
        remember(own, caller, signing);
      });
    } catch (error) {
      await close?.(opened);
      throw error;
    }
    return opened;
  };

  /** What is refused, for whatever reason, uses up nothing; but who saw it asked for may not make something else of what was signed. */
  async function orNoted<T>(
    own: JobId | undefined,
    caller: Caller,
    signing: Signing,
    open: (caller: Address) => T | Promise<T>,
  ): Promise<T> {
    try {
      return await open(caller.address);
    } catch (error) {
      if (own !== undefined && caller.digest !== undefined) await store.write(() => remember(own, caller, signing));
      throw error;
    }
  }
}

const tooMany = () =>
  new CapstanError(
    'TOO_MANY_REQUESTS',
    `Results and logs of this job were asked for with ${MOST_TEXTS} signatures over texts. Take a token, or a typed signature.`,
    { headers: { 'Retry-After': '3600' } },
  );
