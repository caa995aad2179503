/** What one job was given of its environment, PURE. A label of its containers says it, for the runner that finds them again. */
import { Type, type Static } from 'typebox';
import type { Resources } from '@capstan/shared/contract/job';
import { compile } from '@capstan/shared/schema/validate';
import { GB } from '@capstan/shared/contract/sizes';

export const GrantSchema = Type.Object({
  cpus: Type.Number(),
  memoryBytes: Type.Number(),
  diskBytes: Type.Number(),
  maxDurationS: Type.Number(),
  /** Leased to this job alone: by index or UUID. */
  gpus: Type.Array(Type.String()),
  /** Whether it may reach the public internet. */
  network: Type.Boolean(),
  /** User and group that it runs as; absent in what releases before began, all as the first. */
  uid: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Whose limit each one is, for the sentence that says it was reached. */
  limitedBy: Type.Object({
    memory: Type.Union([Type.Literal('environment'), Type.Literal('job')]),
    disk: Type.Union([Type.Literal('environment'), Type.Literal('job')]),
    duration: Type.Union([Type.Literal('environment'), Type.Literal('job'), Type.Literal('orders')]),
  }),
});
export type Grant = Static<typeof GrantSchema>;

const validate = compile(GrantSchema);

export const grantText = ({
  cpus,
  memoryBytes,
  diskBytes,
  maxDurationS,
  gpus,
  network,
  uid,
  limitedBy,
}: Grant): string => JSON.stringify({ cpus, memoryBytes, diskBytes, maxDurationS, gpus, network, uid, limitedBy });

/** Undefined where there is no such label, or one that says nothing to this version. */
export function parseGrant(text: string | undefined): Grant | undefined {
  if (text === undefined) return undefined;
  try {
    const checked = validate(JSON.parse(text));
    return checked.ok ? checked.value : undefined;
  } catch {
    return undefined;
  }
}

/** What was given, as if it had been asked for. */
export const resourcesOf = (grant: Grant | undefined): Resources | undefined =>
  grant && {
    cpus: grant.cpus,
    ramGB: grant.memoryBytes / GB,
    diskGB: grant.diskBytes / GB,
    gpus: grant.gpus.length,
  };
