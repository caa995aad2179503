/** The end of a job's log, as it is written. */
import { button, el } from '../dom.ts';
import { counted } from '../format.ts';
import { save } from '../save.ts';
import { createLogLines, type Line, type Stream } from '../log-lines.ts';

/** Older lines are dropped from the page; the whole is a download. */
const KEPT_LINES = 5_000;
/** Whoever has scrolled up by more is reading, and is not carried off. */
const AT_END_PX = 40;

export interface LogView {
  readonly element: HTMLElement;
  add(stream: Stream, text: string): void;
  clear(): void;
  /** Said in place of the log: why one may not read it. */
  refuse(text: string): void;
  /** There will never be more of it. */
  end(): void;
}

interface LogOptions {
  /** What the log is called when it is saved. */
  readonly filename: string;
  readonly onCopied: (text: string) => void;
}

export function logView({ filename, onCopied }: LogOptions): LogView {
  let lines = createLogLines();
  const shown = new Map<number, HTMLElement>();
  const box = el('div', {
    class: 'log',
    role: 'log',
    'aria-label': 'Log of the job',
    'aria-live': 'off',
    tabindex: '0',
  });
  const note = el('p', { class: 'note' });
  const follow = el('input', { type: 'checkbox', id: 'log-follow', checked: true });
  const copy = button('Copy', () => void copyAll(), { class: 'small', 'aria-label': 'Copy the log' });
  let dropped = 0;
  let waiting: Line[] = [];

  const shownText = () => [...shown.values()].map((line) => line.textContent).join('\n');
  const download = button('Save', () => save(new Blob([shownText(), '\n'], { type: 'text/plain' }), filename), {
    class: 'small',
    'aria-label': 'Save the log',
  });
  const copyAll = async () => {
    await navigator.clipboard.writeText(shownText());
    onCopied(`${counted(shown.size, 'line')} copied.`);
  };

  const show = () => {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < AT_END_PX;
    const fresh = document.createDocumentFragment();
    for (const { id, stream, text: line } of waiting) {
      const element = shown.get(id) ?? fresh.appendChild(el('div', { 'data-stream': stream }));
      element.textContent = line;
      shown.set(id, element);
    }
    waiting = [];
    box.append(fresh);
    for (const [id, element] of shown) {
      if (shown.size <= KEPT_LINES) break;
      element.remove();
      shown.delete(id);
      dropped += 1;
    }
    if (dropped > 0) note.textContent = `The last ${KEPT_LINES} lines; ${counted(dropped, 'line')} before them.`;
    if (follow.checked && isAtEnd) box.scrollTop = box.scrollHeight;
  };
  const tools = [el('label', { for: 'log-follow' }, follow, ' Follow'), copy, download];
  const showTools = (isShown: boolean) => {
    for (const tool of tools) tool.hidden = !isShown;
  };
  follow.addEventListener('change', () => {
    if (follow.checked) box.scrollTop = box.scrollHeight;
  });

  return {
    element: el(
      'section',
      { 'aria-labelledby': 'log-title' },
      el('header', { class: 'tools' }, el('h3', { id: 'log-title' }, 'Log'), ...tools),
      box,
      note,
    ),
    add(stream, text) {
      if (waiting.length === 0) requestAnimationFrame(show);
      waiting.push(...lines.add(stream, text));
    },
    clear() {
      lines = createLogLines();
      waiting = [];
      shown.clear();
      dropped = 0;
      box.replaceChildren();
      delete box.dataset['over'];
      box.hidden = false;
      showTools(true);
      note.textContent = '';
    },
    refuse(text) {
      box.hidden = true;
      showTools(false);
      note.textContent = text;
    },
    end() {
      box.dataset['over'] = '';
      if (dropped === 0) note.textContent = 'The log is over.';
    },
  };
}
