/** A browser wallet (EIP-1193) in a page of a test: asked there, it signs here. */
import { getBytes, type Wallet } from 'ethers';
import type { Page } from 'playwright-core';

interface Asked {
  readonly method: string;
  readonly params?: readonly string[];
}

/** To be called before the page is opened. Returns what the wallet was asked, in order. */
export async function injectWallet(
  page: Page,
  wallet: Pick<Wallet, 'address' | 'signMessage'>,
): Promise<readonly string[]> {
  const asked: string[] = [];
  await page.exposeFunction('askWallet', async ({ method, params = [] }: Asked) => {
    asked.push(method);
    switch (method) {
      case 'eth_requestAccounts':
        return [wallet.address];
      case 'personal_sign':
        return wallet.signMessage(getBytes(params[0] ?? '0x'));
      default:
        throw new Error(`this wallet does not know ${method}`);
    }
  });
  await page.addInitScript('globalThis.ethereum = { request: (asked) => globalThis.askWallet(asked) };');
  return asked;
}
