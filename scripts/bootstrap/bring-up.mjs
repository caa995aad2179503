import { aptInstall } from './apt.mjs';
import { lockFolder } from './lock.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Makes sure of the parts, in their order, and changes nothing if all is there.
 *
 * A part is `{ name, ready, packages, bring }`: `ready` tells what is there (`nats-server 2.9.10`) or undefined,
 * `packages` names the Debian packages it lacks, `bring` does the rest. All may be repeated.
 */
export async function bringUp(parts, context) {
  const facts = await Promise.all(parts.map((part) => part.ready(context)));
  if (facts.includes(undefined)) await bringMissing(parts, context);
  else say.done(facts.join(', '));
}

// Two commands started together on a fresh clone: the second waits, then finds everything there.
async function bringMissing(parts, context) {
  const lock = await lockFolder(context.root, context.signal);
  await installPackages(parts, context);
  for (const part of parts) say.done(await makeReady(part, context));
  lock.release();
}

async function installPackages(parts, context) {
  const missing = [];
  for (const part of parts) {
    if ((await part.ready(context)) === undefined) missing.push(...(await part.packages(context)));
  }
  if (missing.length > 0) await aptInstall(missing, context.signal);
}

async function makeReady(part, context) {
  const before = await part.ready(context);
  if (before !== undefined) return before;
  await part.bring(context);
  const after = await part.ready(context);
  if (after === undefined)
    throw new SetupError(
      `${part.name} is still not there after setting it up`,
      'run the command again; if this comes again, it is a bug of ours',
    );
  return after;
}
