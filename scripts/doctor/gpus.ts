/** GPUs: those that environments offer need an engine that can hand them out. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isGatewayContainer } from '../parts/gateway-container.ts';
import { engineInfo } from './engine.ts';
import { bad, ok, warn } from './finding.ts';
import type { Check } from './check.ts';

const ABOUT = 'GPUs';

export const checkGpus: Check = async ({ config }) => {
  // They are the runner's; this container sees none.
  if (isGatewayContainer(config, existsSync)) return [];
  const { environments, dockerSocket } = config.runner;
  const offered = environments.flatMap(({ gpus }) => gpus);
  const devices = (await readdir('/dev')).filter((name) => /^nvidia\d+$/.test(name));
  const info = await engineInfo(dockerSocket);
  const hasRuntime = info !== undefined && Object.keys(info.Runtimes ?? {}).some((name) => name.includes('nvidia'));
  const toolkit = 'install the NVIDIA Container Toolkit, then restart the engine';
  if (offered.length > 0) {
    if (devices.length === 0)
      return [
        bad(
          ABOUT,
          `environments offer ${offered.join(', ')}, and this machine shows none`,
          'install the driver, or take them out of runner.environments',
        ),
      ];
    return [
      hasRuntime
        ? ok(ABOUT, `${offered.length} offered, ${devices.length} here`)
        : warn(ABOUT, 'the engine lists no NVIDIA runtime', toolkit),
    ];
  }
  if (devices.length === 0) return [ok(ABOUT, 'none here, none offered')];
  return [
    warn(
      ABOUT,
      `${devices.length} here, and no environment offers any`,
      `name them in runner.environments${hasRuntime ? '' : `; ${toolkit}`}`,
    ),
  ];
};
