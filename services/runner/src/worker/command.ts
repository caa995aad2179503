/** Reading a command at the border. One that makes no sense must not come again for ever, and its job must end. */
import type { JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import { StartCommandSchema, type StartCommand } from '@capstan/shared/contract/messages';
import { counted } from '@capstan/shared/contract/counted';
import { isPublicKey } from '@capstan/shared/crypto/seal';
import { compile } from '@capstan/shared/schema/validate';

/** Enough to tell the gateway which run it was. */
export interface Refusal {
  readonly jobId: JobId;
  readonly run: number;
  readonly reason: string;
}

export type ReadCommand =
  | { readonly kind: 'command'; readonly command: StartCommand }
  | { readonly kind: 'refused'; readonly problem: string; readonly refusal: Refusal | undefined };

/** What an event can tell of. */
const MAX_RUN = 2 ** 31;

const validate = compile(StartCommandSchema);

export function readCommand(body: unknown): ReadCommand {
  const checked = validate(body);
  const problem = checked.ok ? keyProblem(checked.value) : Object.values(checked.errors).flat().join(' ');
  if (checked.ok && problem === undefined) return { kind: 'command', command: checked.value };
  const about = runOf(body);
  const refusal = about && { ...about, reason: `The runner can't carry out this job: ${problem}` };
  return { kind: 'refused', problem: problem ?? '', refusal };
}

/** Which run a command is about, whatever else is wrong with it. */
export function runOf(body: unknown): Omit<Refusal, 'reason'> | undefined {
  const { jobId, run } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const known = typeof jobId === 'string' ? parseJobId(jobId) : undefined;
  const isRun = typeof run === 'number' && Number.isInteger(run) && run > 0 && run <= MAX_RUN;
  return known && isRun ? { jobId: known, run } : undefined;
}

/** Now: after the run, its results could be given to nobody. */
function keyProblem({ spec }: StartCommand): string | undefined {
  const { encryptTo } = spec.output ?? {};
  if (encryptTo === undefined || isPublicKey(encryptTo)) return undefined;
  return 'its results are to be encrypted to what is no public key of the curve secp256k1 (output.encryptTo).';
}

/** Of a command that was sent before the runner's environments were changed. `gpus`: how many there are, if the environment is there. */
export const whyNotOffered = ({ environment, resources }: StartCommand['spec'], gpus: number | undefined): string =>
  gpus === undefined
    ? `This runner has no environment ${environment}.`
    : `The job asks for ${counted(resources?.gpus ?? 0, 'GPU')}, and ${environment} has ${gpus}.`;
