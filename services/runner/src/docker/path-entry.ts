/** What Docker says of a path in a container, in a header of its answer: what Go's `lstat` saw, as JSON in base64. */
import type { IncomingMessage } from 'node:http';
import { Type } from 'typebox';
import { CapstanError } from '@capstan/shared/contract/errors';
import { parseJson } from '@capstan/shared/runtime/json';
import { compile } from '@capstan/shared/schema/validate';
import type { PathEntry } from './ports/containers.ts';

const validate = compile(
  Type.Object({ size: Type.Number(), mode: Type.Integer({ minimum: 0 }), linkTarget: Type.String() }),
);

/** Go's `fs.ModeType`, and two of its bits. They are more than JavaScript's bitwise operators take as positive numbers. */
const TYPE_BITS = 0x8f280000n;
const FOLDER = 0x80000000n;
const LINK = 0x08000000n;

export function entryOf(answer: Pick<IncomingMessage, 'headers' | 'resume'>): PathEntry {
  answer.resume();
  const header = String(answer.headers['x-docker-container-path-stat'] ?? '');
  const checked = validate(parseJson(Buffer.from(header, 'base64').toString('utf8')));
  if (!checked.ok) {
    throw new CapstanError('CONTAINER_REFUSED', 'The container engine does not say what is in the image.');
  }
  const { size, mode, linkTarget } = checked.value;
  switch (BigInt(mode) & TYPE_BITS) {
    case 0n:
      return { kind: 'file', sizeBytes: size };
    case FOLDER:
      return { kind: 'folder' };
    case LINK:
      return { kind: 'link', target: linkTarget };
    default:
      return { kind: 'other' };
  }
}
