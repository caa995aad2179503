/** A browser wallet, by the interface that all of them have (EIP-1193): who is there, and that they agree. */

interface Provider {
  request(asked: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

export interface Wallet {
  /** Checksummed or not, as the wallet says it. Asks its owner if need be. */
  address(): Promise<string>;
  /** Personal-signs the plain text, which the wallet shows to its owner. */
  sign(text: string, address: string): Promise<string>;
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
    sign: async (text, address) => String(await ask('personal_sign', [hexOf(text), address])),
  };
}

const REJECTED = 4001;

function refusal(error: unknown): string {
  const { code, message } = error as { readonly code?: number; readonly message?: string };
  return code === REJECTED ? 'The wallet was asked and said no.' : `The wallet failed: ${message ?? 'no reason given'}`;
}

function hexOf(text: string): string {
  return `0x${[...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
