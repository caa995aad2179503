/** Registries with a login: the engine tries each, as it would for a pull. */
import { askEngine } from '../parts/engine.ts';
import { engineInfo } from './engine.ts';
import { bad, ok, warn, type Finding } from './finding.ts';
import type { Check } from './check.ts';
import { pullRefusal } from '../../services/runner/src/docker/pull-refusal.ts';

const ABOUT = 'registries';

export const checkRegistries: Check = async ({ config }) => {
  const { registries, dockerSocket } = config.runner;
  if (registries.length === 0) return [ok(ABOUT, 'none that want a login are configured')];
  if (!(await engineInfo(dockerSocket))) {
    return [warn(ABOUT, 'their logins were not tried: there is no engine', 'mend the engine, then run this again')];
  }
  return Promise.all(
    registries.map(async ({ host, username, password }): Promise<Finding> => {
      const login = { username, password, serveraddress: host };
      const { status, body } = await askEngine('POST', '/auth', { socketPath: dockerSocket, body: login });
      if (status === 200 || status === 204) return ok(ABOUT, `${host} takes the login of ${username}`);
      const { reason } = pullRefusal((JSON.parse(body) as { message?: string }).message ?? '');
      return bad(ABOUT, `${host} does not take the login of ${username}: ${reason}`, 'look at runner.registries');
    }),
  );
};
