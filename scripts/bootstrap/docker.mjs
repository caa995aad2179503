import { userInfo } from 'node:os';
import { startDockerd } from './dockerd.mjs';
import { engineRequest, engineUrl, isForeignEngine } from './engine-api.mjs';
import { findProgram } from './programs.mjs';
import { asRootHint } from './rights.mjs';
import { SetupError } from './setup-error.mjs';

const ANSWER_LIMIT_MS = 3_000;

/** A Docker Engine that answers and that we may use. */
export const dockerEngine = {
  name: 'Docker Engine',

  async ready({ signal }) {
    const version = await engineVersion(signal);
    if (version !== undefined) return `Docker Engine ${version}`;
    if (!isForeignEngine()) return undefined;
    throw new SetupError(
      `no Docker Engine answers on DOCKER_HOST=${engineUrl()}`,
      'start that engine, or unset DOCKER_HOST to have one set up here',
    );
  },

  async packages() {
    const wanted = { dockerd: 'docker.io', iptables: 'iptables' };
    return Object.keys(wanted)
      .filter((program) => findProgram(program) === undefined)
      .map((program) => wanted[program]);
  },

  async bring({ signal }) {
    await startDockerd(async () => (await engineVersion(signal)) !== undefined, signal);
  },
};

// Undefined when nobody answers: no socket, nobody behind it, or an engine that is still starting.
async function engineVersion(signal) {
  try {
    const { status, body } = await engineRequest({ path: '/version', signal, limitMs: ANSWER_LIMIT_MS });
    return status === 200 ? JSON.parse(body).Version : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SetupError) throw error;
    if (error.code === 'EACCES' || error.code === 'EPERM') throw noAccess(error);
    return undefined;
  }
}

function noAccess(cause) {
  const user = userInfo().username;
  return new SetupError(
    `the Docker Engine runs, but user ${user} may not use ${engineUrl()}`,
    `type this, log out and in again, then run the command again:\n  ${asRootHint(`usermod -aG docker ${user}`)}`,
    { cause },
  );
}
