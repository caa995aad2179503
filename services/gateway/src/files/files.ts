/** What the gateway asks runners about files, put together. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { createFileChecks, type Budget } from './file-checks.ts';
import { createFileInfos } from './file-infos.ts';
import { createFileTickets } from './file-tickets.ts';
import type { Assets } from '../assets/assets.ts';
import { createFileInfo } from './file-info.ts';

interface FilesOptions {
  readonly bus: Bus;
  readonly assets: Assets;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly clock: Clock;
  readonly log: Log;
  /** Throw TOO_MANY_REQUESTS for a network that has had its share: of looks, and of downloads. */
  readonly limitNetwork: (network: string) => void;
  readonly limitDownloads: (network: string) => void;
  /** Looks at files, and downloads of whole ones, of the node in all. */
  readonly looks: Budget;
  readonly downloads: Budget;
  /** Those of them that wait for an answer at a time; they return how to leave. Throw TOO_MANY_REQUESTS. */
  readonly takeLook: (network: string) => () => void;
  readonly takeCheck: (network: string) => () => void;
}

export function createFiles({ assets, ...options }: FilesOptions) {
  const fileInfos = createFileInfos(options);
  return {
    checks: createFileChecks(options),
    info: createFileInfo({ assets, fileInfos }),
    fetch: createFileTickets(options),
  };
}

export type Files = ReturnType<typeof createFiles>;
