/** A browser wallet (EIP-1193) in a page of a test: asked there, it signs here. */
import type { TypedDataDomain, TypedDataField, Wallet } from 'ethers';
import type { Page } from 'playwright-core';

interface Asked {
  readonly method: string;
  readonly params?: readonly string[];
}

/** To be called before the page is opened. Returns what the wallet was asked, in order. */
export async function injectWallet(
  page: Page,
  wallet: Pick<Wallet, 'address' | 'signTypedData'>,
): Promise<readonly string[]> {
  const asked: string[] = [];
  await page.exposeFunction('askWallet', async ({ method, params = [] }: Asked) => {
    asked.push(method);
    switch (method) {
      case 'eth_requestAccounts':
        return [wallet.address];
      case 'eth_signTypedData_v4':
        return signTyped(wallet, params[1] ?? '');
      default:
        throw new Error(`this wallet does not know ${method}`);
    }
  });
  await page.addInitScript('globalThis.ethereum = { request: (asked) => globalThis.askWallet(asked) };');
  return asked;
}

function signTyped(wallet: Pick<Wallet, 'signTypedData'>, json: string): Promise<string> {
  const { domain, types, message } = JSON.parse(json) as {
    domain: TypedDataDomain;
    types: Record<string, TypedDataField[]>;
    message: Record<string, unknown>;
  };
  // ethers works the domain's type out by itself.
  const { EIP712Domain: _, ...own } = types;
  return wallet.signTypedData(domain, own, message);
}
