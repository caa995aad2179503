/** The container an algorithm names, PURE. Source of the codes: the wire contract, §5 and §8. */
import type { Container } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/errors';

export type ContainerVerdict =
  | { readonly kind: 'valid'; readonly container: Container }
  | { readonly kind: 'refused'; readonly code: 'missing_entrypoint_image_checksum' | 'checksum_prefix' };

type Given = { readonly [Key in keyof Container]?: Container[Key] | undefined };

export function checkContainer(given: Given | undefined): ContainerVerdict {
  const { image, tag, checksum, entrypoint } = given ?? {};
  if (!image || !entrypoint) return { kind: 'refused', code: 'missing_entrypoint_image_checksum' };
  if (checksum && !/^sha256:[0-9a-f]{64}$/.test(checksum)) return { kind: 'refused', code: 'checksum_prefix' };
  return {
    kind: 'valid',
    container: { image, entrypoint, ...(tag ? { tag } : {}), ...(checksum ? { checksum } : {}) },
  };
}

const MESSAGES = {
  missing_entrypoint_image_checksum: 'The container of the algorithm must name its image and its entrypoint.',
  checksum_prefix: 'The container checksum must be an image digest: sha256: and 64 lower-case hexadecimal characters.',
} as const;

/** The container, or REFUSED in the name of `resource`. */
export function requireContainer(given: Given | undefined, resource: string): Container {
  const verdict = checkContainer(given);
  if (verdict.kind === 'valid') return verdict.container;
  throw new CapstanError('REFUSED', MESSAGES[verdict.code], { refusal: { [resource]: verdict.code } });
}
