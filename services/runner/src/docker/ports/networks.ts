/** Networks of the engine. */
import type { Labels } from '../labels.ts';

export interface EngineNetworks {
  /** A network by which a container reaches the world, and no other container. Harmless if it exists. Throws CONTAINER_REFUSED. */
  createNetwork(name: string, labels: Labels, signal: AbortSignal): Promise<void>;
  /** Harmless if it is gone. */
  removeNetwork(name: string, signal: AbortSignal): Promise<void>;
}
