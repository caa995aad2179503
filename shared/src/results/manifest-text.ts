/** A manifest as it lies somewhere: whoever could write there may have put another one in its place. */
import { MIB } from '../contract/sizes.ts';
import { ManifestSchema, type Manifest } from './manifest.ts';
import { CapstanError } from '../contract/errors.ts';
import { compile } from '../schema/validate.ts';

/** Two thousand files, with names of the longest kind and the hashes of two terabytes. */
export const MAX_MANIFEST_BYTES = 32 * MIB;

const validate = compile(ManifestSchema);

interface RunOfJob {
  readonly jobId: string;
  readonly run: number;
}

/** Throws RESULTS_UNAVAILABLE unless it is the manifest of this run. */
export function parseManifest(text: string, { jobId, run }: RunOfJob): Manifest {
  const refused = (problem: string) =>
    new CapstanError('RESULTS_UNAVAILABLE', `The manifest of run ${run} of job ${jobId} ${problem}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('is damaged');
  }
  const checked = validate(value);
  if (!checked.ok) throw refused('is damaged');
  if (checked.value.jobId !== jobId || checked.value.run !== run) throw refused('is that of another run');
  return checked.value;
}
