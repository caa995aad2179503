/**
 * Says at the start who keeps all the results that they may: their jobs wait, without an error anywhere, until some are deleted or expire.
 * So it is after an update that brought the quota, or a smaller disk.
 */
import { GB, MB } from '@capstan/shared/contract/sizes';
import type { Full, Room } from './room.ts';

/** Of very many, the first few say enough. */
const MOST_TOLD = 10;

const WHAT_TO_DO =
  'further jobs of theirs wait: delete results that nobody needs, let them expire sooner (storageExpiryS), or raise gateway.quotas.keptResultsGB';

export function warnOfFull(room: Pick<Room, 'full'>, log: { warn(facts: object, text: string): void }): void {
  const full = room.full();
  for (const each of full.slice(0, MOST_TOLD)) log.warn(factsOf(each), `${subjectOf(each)}; ${WHAT_TO_DO}`);
  if (full.length > MOST_TOLD) log.warn({ more: full.length - MOST_TOLD }, `so do others; ${WHAT_TO_DO}`);
}

const factsOf = ({ whose, name, keptBytes, mostBytes }: Full) => ({
  [whose]: name,
  keptGB: inGB(keptBytes),
  mostGB: inGB(mostBytes),
});

function subjectOf({ whose }: Full): string {
  switch (whose) {
    case 'node':
      return 'the results on this node take all that those of free jobs may';
    case 'address':
      return 'the results of an address take all that they may';
    case 'network':
      return 'the results of a network take all that they may';
  }
}

const inGB = (bytes: number) => Math.round(bytes / MB) / (GB / MB);
