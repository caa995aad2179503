/** A browser wallet, by the interface that all of them have (EIP-1193): who is there, and that they agree. */
import { TYPED_TYPES, type TypedMessage } from '@capstan/shared/contract/typed-signature';

interface Provider {
  request(asked: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

export interface Wallet {
  /** Checksummed or not, as the wallet says it. Asks its owner if need be. */
  address(): Promise<string>;
  /** Signs the request (EIP-712), whose parts the wallet shows to its owner one by one. */
  sign(domain: object, message: TypedMessage): Promise<string>;
}

/** The wallet of this browser, if it has one. */
export function findWallet(): Wallet | undefined {
  const provider = (globalThis as { readonly ethereum?: Provider }).ethereum;
  if (!provider) return undefined;
  const ask = async (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    try {
      return await provider.request({ method, params });
    } catch (error) {
      throw new Error(refusal(error), { cause: error });
    }
  };
  return {
    async address() {
      const [address] = (await ask('eth_requestAccounts')) as readonly string[];
      if (address === undefined) throw new Error('The wallet named no account. Unlock it and try again.');
      return address;
    },
    async sign(domain, message) {
      const data = { domain, types: { EIP712Domain: DOMAIN_TYPE, ...TYPED_TYPES }, primaryType: 'Request', message };
      return String(await ask('eth_signTypedData_v4', [message.consumer, JSON.stringify(data)]));
    },
  };
}

/** Wallets want the domain's own type spelt out. */
const DOMAIN_TYPE = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'verifyingContract', type: 'address' },
];

const REJECTED = 4001;

function refusal(error: unknown): string {
  const { code, message } = error as { readonly code?: number; readonly message?: string };
  return code === REJECTED ? 'The wallet was asked and said no.' : `The wallet failed: ${message ?? 'no reason given'}`;
}
