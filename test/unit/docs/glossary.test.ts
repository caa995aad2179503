import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';

const docs = resolve(import.meta.dirname, '../../../docs');

/** That a stranger looks for, each in the code as in the glossary. */
const WORDS =
  `job, run, attempt, environment, command, event, snapshot, cursor, manifest, provision, publish, run registry, start ownership, claim,
  lease, fencing, fair share, reservation, backpressure, backoff, idempotent, orphan, reaper, webhook, SSRF guard, broadcast frame, retention,
  sweep, controller, plan, desired state, disk limit, adoption, token, ticket, nonce, quote, order, leader`.split(
    /,\s+/,
  );

const rows = readFileSync(join(docs, 'glossary.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, word, meaning, file] = /^\| ([^|]+) \| ([^|]+) \| \[[^\]]+\]\(([^)]+)\) \|$/.exec(line) ?? [];
    return word !== undefined && meaning !== undefined && file !== undefined ? [{ word, meaning, file }] : [];
  });

describe('the glossary', () => {
  it('has each word once', () => {
    expect(rows.map(({ word }) => word)).to.have.members(WORDS);
  });

  for (const { word, meaning, file } of rows) {
    it(`says in a sentence or two what "${word}" is, and in which file it occurs`, () => {
      expect(meaning.match(/[.!?](?= |$)/g) ?? []).to.have.length.within(1, 2);
      const path = join(docs, file);
      expect(existsSync(path), file).to.equal(true);
      // Also at the end of one line and the beginning of the next.
      const text = readFileSync(path, 'utf8').replaceAll(/\s+(\* )?/g, ' ');
      expect(text, file).to.match(new RegExp(`\\b${word}(s|es)?\\b`, 'i'));
    });
  }
});
