/** The node's own catalogue: a folder of DDO files, `<DID without did:op:>.json`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DdoSchema, type Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix, parseDid } from '@capstan/shared/contract/ids';
import { CapstanError, systemCode } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';

export interface Assets {
  /** The asset's description, or undefined if there is no such asset. */
  find(did: string): Promise<Ddo | undefined>;
}

const validate = compile(DdoSchema);

export function createCatalogue(dir: string): Assets {
  return {
    async find(didText) {
      // Only a well-formed DID becomes a file name.
      const did = parseDid(didText);
      if (!did) return undefined;
      let text: string;
      try {
        text = await readFile(join(dir, `${didSuffix(did)}.json`), 'utf8');
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      }
      const checked = validate(parseJson(text));
      if (checked.ok && checked.value.id === did) return checked.value;
      const problems = checked.ok ? 'its id is another DID' : Object.values(checked.errors).flat().join(' ');
      throw new CapstanError('INTERNAL', `The catalogue's file of ${did} is no valid DDO: ${problems}`);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
