/**
 * Which images this runner has pulled, and when each was last used, in a file that outlives it. Only what stands here is ever removed:
 * an image that somebody put on the machine by hand is theirs.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';

export interface ImageNote {
  /** The name it was pulled by: with its digest, so that no tag of the machine's moves. */
  readonly reference: string;
  /** The tag that stood for it in its registry then, in one spelling. */
  readonly tagged?: string;
  readonly id: string;
  /** Unix milliseconds. */
  readonly lastUsedAt: number;
  /** It was pulled without a login: its registry gives it to everybody. */
  readonly isPublic?: boolean;
  /** It was on the machine before: whoever put it there decides when it goes. */
  readonly isKept?: boolean;
}

export interface ImageNotes {
  read(): Promise<readonly ImageNote[]>;
  write(notes: readonly ImageNote[]): Promise<void>;
}

export function createImageNotes(path: string): ImageNotes {
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return [];
        throw error;
      }
      return parse(text);
    },
    async write(notes) {
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.new`;
      await writeFile(temporary, `${JSON.stringify({ v: 1, images: notes }, undefined, 1)}\n`, { flush: true });
      await rename(temporary, path);
    },
  };
}

function parse(text: string): readonly ImageNote[] {
  try {
    const { images } = JSON.parse(text) as { images: unknown };
    if (Array.isArray(images) && images.every(isNote)) return images;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CapstanError('INTERNAL', 'The list of pulled images is damaged.');
}

function isNote(value: unknown): value is ImageNote {
  const { reference, id, lastUsedAt } = (value ?? {}) as Record<string, unknown>;
  return typeof reference === 'string' && typeof id === 'string' && typeof lastUsedAt === 'number';
}
