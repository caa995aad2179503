/** Descriptions as publishers record them with their NFT: packed with LZMA, in either format, and sealed to a node, or not. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import LZMA from 'lzma';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, sealBytes } from '@capstan/shared/crypto/seal';
import type { NewRecord } from '../../../scripts/parts/ocean.ts';

export const PACKERS = {
  /** ocean.js and the older tools: lzma-js. */
  alone: (text: string) => Buffer.from(LZMA.compress(text, 1)),
  /** ocean.py: what Python calls LZMA. */
  xz: (text: string) =>
    execFileSync(
      'python3',
      ['-c', 'import lzma,sys; sys.stdout.buffer.write(lzma.compress(sys.stdin.buffer.read()))'],
      {
        input: text,
      },
    ),
} as const;

interface Recording {
  readonly packer?: keyof typeof PACKERS;
  readonly sealedTo?: NodeKey;
}

export function recordOf(ddo: Ddo, { packer, sealedTo }: Recording = {}): NewRecord {
  const text = JSON.stringify(ddo);
  const packed = packer ? PACKERS[packer](text) : Buffer.from(text, 'utf8');
  return {
    flags: (packer ? 1 : 0) | (sealedTo ? 2 : 0),
    data: sealedTo ? sealBytes(publicKeyOf(sealedTo), packed) : packed,
    hash: createHash('sha256').update(text, 'utf8').digest('hex'),
  };
}
