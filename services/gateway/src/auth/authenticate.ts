/**
 * Who is calling, and that what they signed is for this: by a typed signature, by one over the texts that Ocean's clients sign, by a token,
 * or, to read, by a ticket. A text that was accepted for one purpose is accepted for no other.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '@capstan/shared/runtime/at-most';
import type { Clock } from '@capstan/shared/runtime/clock';
import { parseAddress, parseNonce, type Address, type Nonce } from '@capstan/shared/contract/ids';
import type { UsedTexts } from '../store/used-texts.ts';
import { requireOurs, type Proof, type ProofOf } from './credentials.ts';
import { badToken, invalidSignature } from './invalid-signature.ts';
import type { NonceBook } from './nonce-book.ts';
import { READS, TYPED_ONLY, type Purpose } from './purposes.ts';
import { isSignedBy, signerOf } from './signature.ts';
import type { Tokens } from './token.ts';
import { judgeTyped, recoveredText } from './typed-data.ts';

/** What a signed request says itself. What the node has read elsewhere, a `Proof`, comes beside it. */
export interface Credentials {
  readonly consumerAddress: string;
  readonly nonce?: string | undefined;
  /** Over a text. */
  readonly signature?: string | undefined;
}

export interface Signing {
  readonly purpose: Purpose;
  /** The text that the caller should have signed, given the nonce. */
  readonly text: (nonce: string) => string;
}

export interface Caller {
  readonly address: Address;
  readonly nonce: Nonce;
  /** Whether the nonce is to be used up: reading with a typed signature or a ticket uses up none. */
  readonly spends: boolean;
  /** SHA-256 of what was signed, where it was a text. */
  readonly digest?: Uint8Array;
}

export interface NotedStatus {
  readonly address: Address;
  note(): Promise<void>;
  noteIdle(network: string): Promise<void>;
}

export interface Authenticate {
  /** Resolves to who signed. Rejects with INVALID_SIGNATURE. Whether the nonce may take effect, `admit` says. */
  prove(credentials: Credentials, signing: Signing, proof?: Proof): Promise<Caller>;
  /** Throws INVALID_SIGNATURE for a nonce that is used up; only then does the request count for the owner: TOO_MANY_REQUESTS. */
  admit(caller: Caller): void;
  /** Both. */
  act(credentials: Credentials, signing: Signing, proof?: Proof): Promise<Caller>;
  /**
   * For a status. It may come again, and counts for its owner once. When it is answered, `note` says that it was about jobs of theirs, or
   * `noteIdle` that it was about none: from then on, what was signed serves for nothing else.
   */
  status(credentials: Credentials, text: Signing['text'], proof?: Proof): Promise<NotedStatus>;
}

interface AuthenticateOptions {
  readonly tokens: Pick<Tokens, 'addressOf'>;
  readonly nonces: NonceBook;
  readonly usedTexts: Pick<UsedTexts, 'purposeOf'>;
  readonly limitCaller: (address: Address) => void;
  readonly clock: Pick<Clock, 'now'>;
  /** The node's own address. */
  readonly provider: string;
  readonly legacySignatures: boolean;
  readonly legacyTokens: boolean;
}

/** So many texts of statuses are known again when they come again. */
const MANY = 20_000;

export function createAuthenticate(options: AuthenticateOptions): Authenticate {
  const { tokens, nonces, usedTexts, limitCaller, clock, provider, legacySignatures, legacyTokens } = options;
  /** Texts of statuses by their digests: who polls with one signature goes on after an act of theirs. */
  const statuses = new LRUCache<string, true>(atMost(MANY));

  const byTyped = async ({ header, request }: ProofOf<'typed'>, signing: Signing): Promise<Caller> => {
    const verdict = await judgeTyped(header, { request, provider, nowMs: clock.now() });
    const nonce = parseNonce(header.nonce);
    if (verdict.kind === 'bad' || !nonce) throw invalidSignature(verdict.kind === 'bad' ? verdict.problem : undefined);
    return { address: verdict.address, nonce, spends: !READS.has(signing.purpose) };
  };

  const byText = (credentials: Credentials & { signature: string }, { purpose, text }: Signing): Caller => {
    const { consumerAddress, signature } = credentials;
    const address = parseAddress(consumerAddress);
    const nonce = parseNonce(credentials.nonce ?? '');
    if (!address || !nonce)
      throw invalidSignature('A signature is over an address and a nonce among other things: send both.');
    if (!legacySignatures) throw invalidSignature(`${WANTS_TYPED} Its setting gateway.auth.legacySignatures is off.`);
    if (TYPED_ONLY.has(purpose) && !legacyTokens) {
      throw invalidSignature(
        `${WANTS_TYPED} For a ${purpose}, the old text is accepted only where gateway.compat.legacyTokens is on.`,
      );
    }
    const signed = text(nonce);
    if (!isSignedBy(address, signed, signature)) {
      throw invalidSignature(
        `The text to sign for this request is ${JSON.stringify(signed)} (docs/signing.md), by the key of ${consumerAddress}: ${recoveredText(signerOf(signed, signature))}. Sign that text, hashed or as it is.`,
      );
    }
    const digest = createHash('sha256').update(signed).digest();
    const used = usedTexts.purposeOf(digest);
    if (used !== undefined && used !== purpose) {
      throw invalidSignature(
        `What was signed here served for a ${used} before, and serves for nothing else. Sign with another nonce.`,
      );
    }
    return { address, nonce, digest, spends: true };
  };

  const byToken = async ({ token }: ProofOf<'token'>, credentials: Credentials): Promise<Caller> => {
    const address = parseAddress(credentials.consumerAddress);
    const nonce = parseNonce(credentials.nonce ?? '');
    const owner = await tokens.addressOf(token);
    if (owner === undefined) throw badToken();
    if (owner !== address)
      throw invalidSignature(
        `The token stands for ${owner}, not for ${credentials.consumerAddress}: send its own address as consumerAddress.`,
      );
    if (!nonce)
      throw invalidSignature(
        'With a token a request still carries a nonce: send one that is greater than GET nonce says.',
      );
    return { address, nonce, spends: true };
  };

  const prove = async (credentials: Credentials, signing: Signing, proof?: Proof): Promise<Caller> => {
    requireOurs(proof);
    const { signature, consumerAddress } = credentials;
    const ofCaller = (caller: Caller) => {
      if (parseAddress(consumerAddress) === caller.address) return caller;
      throw invalidSignature(
        `This is proof of ${caller.address}, and the request is of ${consumerAddress}: send the address of the key that signs.`,
      );
    };
    if (proof?.kind === 'typed') return ofCaller(await byTyped(proof, signing));
    if (signature !== undefined) return byText({ ...credentials, signature }, signing);
    if (TYPED_ONLY.has(signing.purpose)) throw invalidSignature(WANTS_TYPED);
    if (proof?.kind === 'token') return byToken(proof, credentials);
    if (proof?.kind !== 'ticket') throw invalidSignature('The request names nobody: sign it, or send a token.');
    if (!READS.has(signing.purpose)) throw invalidSignature('A ticket opens what only reads. Sign, or bring a token.');
    return ofCaller({ address: proof.identity.address, nonce: NONE, spends: false });
  };

  const admit = ({ address, nonce, spends }: Caller) => {
    // Before the limit: nobody else can use up what an address may ask.
    if (spends) nonces.require(address, nonce);
    limitCaller(address);
  };

  return {
    prove,
    admit,
    async act(credentials, signing, proof) {
      const caller = await prove(credentials, signing, proof);
      admit(caller);
      return caller;
    },
    async status(credentials, text, proof) {
      const { address, nonce, digest } = await prove(credentials, { purpose: 'status', text }, proof);
      const key = digest && Buffer.from(digest).toString('base64');
      const isKnown = key !== undefined && statuses.get(key) === true;
      if (digest && !isKnown && !nonces.isNewForStatus(address, nonce)) {
        throw invalidSignature(
          `The nonce ${nonce} is not greater than the last one that ${address} acted with. A status takes a greater one, and may come again with it.`,
        );
      }
      if (!isKnown) limitCaller(address);
      return {
        address,
        async note() {
          if (key === undefined) return;
          statuses.set(key, true);
          await nonces.seen(address, nonce);
        },
        async noteIdle(network) {
          if (key !== undefined) await nonces.seenIfKnown(address, nonce, network);
        },
      };
    },
  };
}

const WANTS_TYPED = 'This wants a typed signature, in the header Capstan-Signature (docs/api.md).';
/** Where there is none to use up. */
const NONE = '0' as Nonce;
