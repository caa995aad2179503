/** Leases of runners, beside the words of who started what. Whoever sees one unchanged for long enough knows that its runner has ended its own. */
import { LeaseSchema, type Lease } from '../contract/messages.ts';
import { parseJson } from '../runtime/json.ts';
import { compile } from '../schema/validate.ts';
import type { Bus } from './connect.ts';
import { leaseKey, STARTED_BUCKET } from './subjects.ts';

const validate = compile(LeaseSchema);
const bucket = (bus: Bus) => bus.jetStream().views.kv(STARTED_BUCKET, { bindOnly: true, allow_direct: false });

export interface SeenLease {
  /** Undefined where none stands: of a runner of an older version, or forgotten by the broker. */
  readonly lease: Lease | undefined;
  /** Another one after each renewal. */
  readonly mark: string;
}

export async function putLease(bus: Bus, runnerId: string, lease: Lease): Promise<void> {
  const kv = await bucket(bus);
  await kv.put(leaseKey(runnerId), JSON.stringify(lease));
}

export async function getLease(bus: Bus, runnerId: string): Promise<SeenLease> {
  const kv = await bucket(bus);
  const entry = await kv.get(leaseKey(runnerId));
  if (!entry || entry.operation !== 'PUT') return { lease: undefined, mark: 'none' };
  const checked = validate(parseJson(entry.string()));
  const lease = checked.ok ? checked.value : undefined;
  return { lease, mark: `${entry.revision} ${lease?.at ?? ''}` };
}
