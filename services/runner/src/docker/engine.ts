/**
 * The container engine as the runner sees it, port by port: who uses only some of it takes those ports alone. Every call may throw
 * ENGINE_UNAVAILABLE, which means unknown and never gone.
 */
import type { EngineHost } from './ports/host.ts';
import type { EngineContainers } from './ports/containers.ts';
import type { EngineVolumes } from './ports/volumes.ts';
import type { EngineImages } from './ports/images.ts';
import type { EngineNetworks } from './ports/networks.ts';

export interface Engine extends EngineHost, EngineContainers, EngineVolumes, EngineImages, EngineNetworks {}
