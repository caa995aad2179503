/** What the page says beside the jobs: how the connection is, what went wrong, and what a screen reader should hear. */
import type { LinkState } from '@capstan/shared/client/link';
import { setAttribute, setText } from './dom.ts';
import { elapsed } from './format.ts';
import { part } from './parts.ts';

const TROUBLE_MS = 8_000;

export interface Notices {
  link(state: LinkState): void;
  /** Why the connection is not what it should be; stays. */
  explainLink(text: string): void;
  /** Said aloud by screen readers, and shown nowhere. */
  say(text: string): void;
  /** Shown and said, until somebody has had the time to read it. */
  fail(problem: string): void;
}

export function createNotices(): Notices {
  const link = part('link');
  const linkText = part('link-text');
  const announcer = part('announcer');
  const trouble = part('trouble');
  let hiding: ReturnType<typeof setTimeout> | undefined;

  const say = (text: string) => {
    // The same text twice is said twice only if it changes in between.
    announcer.textContent = '';
    announcer.textContent = text;
  };

  return {
    link(state) {
      const before = link.dataset['state'];
      setAttribute(link, 'data-state', state.kind);
      setText(linkText, linkTextOf(state));
      if (state.kind === 'waiting' && before === 'open') say('The connection to the node is lost. Reconnecting.');
      if (state.kind === 'open' && before === 'connecting' && document.body.dataset['wasLost'] === 'yes')
        say('Connected again.');
      if (state.kind === 'waiting') document.body.dataset['wasLost'] = 'yes';
      if (state.kind === 'open') delete document.body.dataset['wasLost'];
    },
    explainLink(text) {
      const note = part('link-note');
      setText(note, text);
      note.hidden = false;
      say(text);
    },
    say,
    fail(problem) {
      setText(trouble, problem);
      trouble.hidden = false;
      clearTimeout(hiding);
      hiding = setTimeout(() => {
        trouble.hidden = true;
      }, TROUBLE_MS);
    },
  };
}

function linkTextOf(state: LinkState): string {
  switch (state.kind) {
    case 'connecting':
      return 'Connecting';
    case 'open':
      return 'Live';
    case 'waiting':
      return navigator.onLine ? `Reconnecting in ${elapsed(state.forMs + 999)}` : 'Offline';
    case 'closed':
      return 'Not connected';
  }
}
