/** What a job left: each file with its size, and a way to have it. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { button, el, keyedList, setAttribute, setText, type View } from '../dom.ts';
import { bytes } from '../format.ts';
import { save } from '../save.ts';

type ResultFile = StatusObject['results'][number];

/** More than this does not go through the memory of a page. */
const MOST_BYTES = 512_000_000;

interface ResultsOptions {
  readonly fetchResult: (index: number) => Promise<Blob>;
  readonly isOwner: () => boolean;
  readonly onFailed: (problem: string) => void;
}

export interface ResultsView extends View<readonly ResultFile[]> {}

export function resultsView({ fetchResult, isOwner, onFailed }: ResultsOptions): ResultsView {
  const list = el('ul', { class: 'results' });
  const note = el('p', { class: 'note' });
  const element = el(
    'section',
    { 'aria-labelledby': 'results-title' },
    el('h3', { id: 'results-title' }, 'Results'),
    list,
    note,
  );

  const download = async ({ filename, index }: ResultFile) => {
    try {
      save(await fetchResult(index), filename.split('/').at(-1) ?? filename);
    } catch (error) {
      onFailed(error instanceof Error ? error.message : String(error));
    }
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
    update(files) {
      show(files);
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
