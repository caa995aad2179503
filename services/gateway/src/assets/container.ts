/** The container an algorithm names, PURE. Source of the codes: the wire contract, §5 and §8. */
import type { Container } from '@capstan/shared/contract/ddo';
import { isBareInterpreter } from './bare-interpreter.ts';
import { codedRefusal } from './refusal-codes.ts';

export type ContainerVerdict =
  | { readonly kind: 'valid'; readonly container: Container }
  | {
      readonly kind: 'refused';
      readonly code: 'missing_entrypoint_image_checksum' | 'checksum_prefix';
      /** Which cause of the code, where it has several. */
      readonly reason?: 'entrypoint_without_algo';
    };

type Given = { readonly [Key in keyof Container]?: Container[Key] | undefined };

interface Rules {
  /** A published image may bring its own program. */
  readonly isPublished?: boolean;
}

export function checkContainer(given: Given | undefined, { isPublished = false }: Rules = {}): ContainerVerdict {
  const { image, tag, checksum, entrypoint = '' } = given ?? {};
  const hasProgram = entrypoint.trim() !== '' || isPublished;
  if (!image || !hasProgram) return { kind: 'refused', code: 'missing_entrypoint_image_checksum' };
  if (!isPublished && isBareInterpreter(entrypoint)) {
    return { kind: 'refused', code: 'missing_entrypoint_image_checksum', reason: 'entrypoint_without_algo' };
  }
  if (checksum && !/^sha256:[0-9a-f]{64}$/.test(checksum)) return { kind: 'refused', code: 'checksum_prefix' };
  return {
    kind: 'valid',
    container: { image, entrypoint, ...(tag ? { tag } : {}), ...(checksum ? { checksum } : {}) },
  };
}

const MESSAGES = {
  missing_entrypoint_image_checksum: 'The container of the algorithm must name its image and its entrypoint.',
  checksum_prefix: 'The container checksum must be an image digest: sha256: and 64 lower-case hexadecimal characters.',
  entrypoint_without_algo:
    'The entrypoint is an interpreter without a program, so the code would never run. Say where the code goes, as in: python3 $ALGO.',
} as const;

/** The container, or REFUSED in the name of `resource`. */
export function requireContainer(given: Given | undefined, resource: string, rules?: Rules): Container {
  const verdict = checkContainer(given, rules);
  if (verdict.kind === 'valid') return verdict.container;
  const { code, reason } = verdict;
  throw codedRefusal(resource, code, MESSAGES[reason ?? code], reason);
}
