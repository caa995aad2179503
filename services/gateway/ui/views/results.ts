/** What a job left: each file with its size, and a way to have it. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { button, el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { bytes } from '../format.ts';
import { save } from '../save.ts';

type ResultFile = StatusObject['results'][number];

/** More than this does not go through the memory of a page. */
const MOST_BYTES = 512_000_000;

interface ResultsOptions {
  readonly title: string;
  readonly level: 'h3' | 'h4';
  readonly fetchResult: (index: number) => Promise<Blob>;
  readonly isOwner: () => boolean;
  readonly onFailed: (problem: string) => void;
}

export interface ResultsView extends View<readonly ResultFile[]> {}

export function resultsView({ title, level, fetchResult, isOwner, onFailed }: ResultsOptions): ResultsView {
  const list = el('ul', { class: 'results' });
  let files: readonly ResultFile[] = [];
  const all = button('Download all', () => void downloadAll(), { class: 'small' });
  const note = el('p', { class: 'note' });
  const element = el('section', { 'aria-label': title }, el(level, {}, title), list, all, note);

  const download = async ({ filename, index }: ResultFile) => {
    try {
      save(await fetchResult(index), filename.split('/').at(-1) ?? filename);
    } catch (error) {
      onFailed(error instanceof Error ? error.message : String(error));
    }
  };

  /** One after another: each goes through the memory of the page. */
  const downloadAll = async () => {
    all.disabled = true;
    for (const file of files.filter(({ filesize }) => filesize <= MOST_BYTES)) await download(file);
    all.disabled = false;
  };

  const show = keyedList<ResultFile>(
    list,
    ({ index }) => String(index),
    (first) => {
      let file = first;
      const name = el('span', { class: 'name' });
      const kind = el('span', { class: 'kind' });
      const size = el('span', { class: 'size' });
      const get = button('Download', () => void download(file), { class: 'small' });
      return {
        element: el('li', {}, name, kind, size, get),
        update(next) {
          file = next;
          setText(name, file.filename);
          setText(kind, KIND[file.type] ?? file.type);
          setText(size, bytes(file.filesize));
          setAttribute(get, 'aria-label', `Download ${file.filename}`);
          const isTooLarge = file.filesize > MOST_BYTES;
          get.disabled = isTooLarge || !isOwner();
          setAttribute(
            get,
            'title',
            isTooLarge ? 'Too large for a page: take it with curl, as docs/api.md shows.' : undefined,
          );
        },
      };
    },
  );

  return {
    element,
    update(next) {
      files = next;
      show(files);
      all.hidden = files.length < 2 || !isOwner();
      element.hidden = files.length === 0;
      setText(note, isOwner() ? '' : 'Only its owner can have them. Sign in with the address that ordered the job.');
    },
  };
}

const KIND: Readonly<Record<string, string>> = {
  output: 'output',
  algorithmLog: 'log',
  configrationLog: 'configuration log',
  publishLog: 'publish log',
  filteringLog: 'filter log',
};
