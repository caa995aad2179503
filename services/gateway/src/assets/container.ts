/** The container an algorithm names, PURE. Source of the codes: the wire contract, §5 and §8. */
import type { Container } from '@capstan/shared/contract/ddo';

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
