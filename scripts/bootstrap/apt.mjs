import { findProgram, lastLines, run } from './programs.mjs';
import { asRootHint, rootRights } from './rights.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';

const LOCK_WAIT_SECONDS = 120;

/** Installs Debian packages, all in one go; fetches the package lists only if the install fails without. */
export async function aptInstall(packages, signal) {
  const names = packages.join(' ');
  if (findProgram('apt-get') === undefined) {
    throw new SetupError(
      `missing: ${names}, and this machine has no apt-get to install it with`,
      'install the same programs with your own package manager, then run this again',
    );
  }
  const byHand = asRootHint(`apt-get update && apt-get install -y --no-install-recommends ${names}`);
  const rights = await rootRights(signal);
  if (rights === undefined) {
    throw new SetupError(
      `missing: ${names}, and installing it takes root`,
      `type this, then run the command again:\n  ${byHand}`,
    );
  }

  const aptGet = (...args) =>
    run(
      [
        ...rights.prefix,
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        '-q',
        '-o',
        `DPkg::Lock::Timeout=${LOCK_WAIT_SECONDS}`,
        ...args,
      ],
      {
        signal,
        stdin: rights.stdin,
      },
    );
  const install = () => aptGet('install', '-y', '--no-install-recommends', ...packages);

  say.doing(`installing ${names} (apt-get install ${names})`);
  const first = await install();
  if (first.code === 0) return;
  say.doing('fetching the package lists first (apt-get update)');
  const update = await aptGet('update');
  const second = await install();
  if (second.code === 0) return;
  const reason = update.code === 0 ? second.output : `${update.output}\n${second.output}`;
  throw new SetupError(`apt-get could not install ${names}`, `${lastLines(reason)}\ntry it by hand:\n  ${byHand}`);
}
