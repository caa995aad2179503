/** Addresses on the command line, PURE. */
import { getAddress } from 'ethers';
import { UsageError } from './usage.ts';

/** With its checksum: the DID follows from how the address is written. Throws UsageError. */
export function addressIn(option: string, word: string): string {
  try {
    return getAddress(word);
  } catch {
    throw new UsageError(`${option} ${word} is no address: 0x and 40 hexadecimal characters.`);
  }
}
