import type { Config } from '@capstan/shared/config/schema';

/** In containers only the runner is given the socket; the gateway is known there by its user on the broker. */
export function isGatewayContainer(
  { runner, nats }: Pick<Config, 'runner' | 'nats'>,
  isThere: (path: string) => boolean,
): boolean {
  const isContainer = isThere('/.dockerenv') || isThere('/run/.containerenv');
  return isContainer && nats.user === 'gateway' && !isThere(runner.dockerSocket);
}
