/** The descriptions in the node's own catalogue: which of them consumers would be refused, and why. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPaths } from '@capstan/shared/config/process';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import { messageOf } from '@capstan/shared/contract/errors';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { unsettledEntries } from '../../services/gateway/src/assets/trust.ts';
import type { Check } from './check.ts';
import { ok, warn, type Finding } from './finding.ts';

const ABOUT = 'catalogue';
/** Beyond this many, more of them tell nobody anything new. */
const MOST_TOLD = 20;

export const checkCatalogue: Check = async ({ config }) => {
  const dir = dataPaths(config).catalogue;
  const names = (await namesIn(dir)).filter((name) => name.endsWith('.json'));
  const findings: Finding[] = [];
  for (const name of names) {
    findings.push(...(await look(join(dir, name), name, config.assets.trustWithoutChecksums)));
    if (findings.length >= MOST_TOLD) break;
  }
  if (findings.length > 0) return findings.slice(0, MOST_TOLD);
  return [
    ok(
      ABOUT,
      names.length === 0
        ? 'empty, or not made yet'
        : names.length === 1
          ? '1 description, which can be read'
          : `${names.length} descriptions, all of them readable`,
    ),
  ];
};

async function look(path: string, name: string, trustWithoutChecksums: boolean): Promise<readonly Finding[]> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    return [warn(ABOUT, `${name} can not be read: ${messageOf(error)}`, 'mend the file, or take it out of the folder')];
  }
  const read = readDdo(content);
  if (read.ok) return read.value.services.flatMap((service) => findingsOf(read.value, service, trustWithoutChecksums));
  const problems = Object.values(read.errors).flat().join(' ');
  return [warn(ABOUT, `${name} is no valid description: ${problems}`, 'mend it: nobody can order the asset')];
}

function findingsOf({ id }: Ddo, service: Service, trustWithoutChecksums: boolean): readonly Finding[] {
  const named = `service ${service.id} of ${id}`;
  if (service.problems) {
    return [warn(ABOUT, `${named} can not be used: ${service.problems.join(' ')}`, 'mend it, if it is for this node')];
  }
  const unsettled = trustWithoutChecksums ? [] : unsettledEntries(service);
  return [
    ...unsettled.map((entry) =>
      warn(
        ABOUT,
        `${named} trusts nothing by an entry that lacks a checksum: ${entry}`,
        'give the entry its checksums (npm run catalogue -- update … --trust), or set assets.trustWithoutChecksums',
      ),
    ),
    ...(trustsNobody(service)
      ? [
          warn(
            ABOUT,
            `${named} lets no published algorithm run: its lists are there and name nobody`,
            'leave the lists out to allow any published algorithm, or name some; nothing to do if that is meant',
          ),
        ]
      : []),
  ];
}

function trustsNobody({ compute }: Service): boolean {
  const { publisherTrustedAlgorithms: algorithms, publisherTrustedAlgorithmPublishers: publishers } = compute ?? {};
  const lists = [algorithms, publishers].filter((list) => list !== undefined && list !== null);
  return lists.length > 0 && lists.every((list) => list.length === 0);
}
