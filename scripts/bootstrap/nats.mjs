import { findProgram, run } from './programs.mjs';
import { SetupError } from './setup-error.mjs';

// Older ones lack what the bus is built on; 2.9 is what Debian 12 has and what is tested.
const OLDEST = [2, 9];

/** The nats-server program; who needs a running server starts its own. */
export const natsServer = {
  name: 'nats-server',

  async ready({ signal }) {
    const program = findProgram('nats-server');
    if (program === undefined) return undefined;
    const { output } = await run([program, '--version'], { signal });
    const version = /\d+\.\d+\.\d+/.exec(output)?.[0];
    if (version === undefined) {
      throw new SetupError(`${program} --version says "${output}"`, 'put a working nats-server on PATH');
    }
    if (!isRecent(version)) {
      throw new SetupError(
        `${program} is version ${version}, but ${OLDEST.join('.')} or newer is needed`,
        'take a newer one from https://github.com/nats-io/nats-server/releases and put it first on PATH',
      );
    }
    return `nats-server ${version}`;
  },

  async packages() {
    return findProgram('nats-server') === undefined ? ['nats-server'] : [];
  },

  async bring() {},
};

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
