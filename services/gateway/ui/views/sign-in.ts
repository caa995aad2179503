/** Signing in, by a wallet or by a token, and what the header says of it. */
import { button, el } from '../dom.ts';
import { short } from '../format.ts';
import { findWallet } from '../wallet.ts';

interface SignInOptions {
  readonly byWallet: () => Promise<void>;
  readonly byToken: (token: string) => Promise<void>;
  readonly signOut: () => void;
}

export interface SignIn {
  show(caller: { readonly address: string; readonly isOperator: boolean } | undefined): void;
  open(): void;
}

export function createSignIn(container: HTMLElement, { byWallet, byToken, signOut }: SignInOptions): SignIn {
  const problem = el('p', { class: 'problem', role: 'alert' });
  const attempt = async (signIn: () => Promise<void>) => {
    problem.textContent = '';
    try {
      await signIn();
      token.value = '';
      dialog.close();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
    }
  };

  const wallet = button('Sign in with your wallet', () => void attempt(byWallet), { class: 'primary' });
  const walletNote = el('p', { class: 'note' });
  const token = el('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: false });
  const form = el(
    'form',
    {},
    el('label', { for: 'token' }, 'Or paste a token'),
    el('div', { class: 'field' }, token, el('button', { type: 'submit' }, 'Use it')),
    el('p', { class: 'note' }, 'It stays in this tab, and goes when you close it.'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(() => byToken(token.value));
  });
  const cancel = button('Cancel', () => dialog.close());
  const dialog = el(
    'dialog',
    { 'aria-labelledby': 'sign-in-title' },
    el('h2', { id: 'sign-in-title' }, 'Sign in'),
    wallet,
    walletNote,
    form,
    problem,
    cancel,
  );
  document.body.append(dialog);

  const open = () => {
    const hasWallet = findWallet() !== undefined;
    wallet.disabled = !hasWallet;
    walletNote.textContent = hasWallet
      ? 'It signs one request to this node, which costs nothing, and gets a token for eight hours.'
      : 'This browser has no wallet that speaks EIP-1193.';
    problem.textContent = '';
    dialog.showModal();
  };

  return {
    open,
    show(caller) {
      if (!caller) return container.replaceChildren(button('Sign in', open, { class: 'primary' }));
      container.replaceChildren(
        el('span', { class: 'caller', title: caller.address }, short(caller.address)),
        ...(caller.isOperator ? [el('span', { class: 'badge', 'data-tone': 'brass' }, 'operator')] : []),
        button('Sign out', signOut),
      );
    },
  };
}
