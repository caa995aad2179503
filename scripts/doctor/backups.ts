/** What a backup of this node would not hold of its settings, PURE: on a new machine it would run with other ones. */
import { ok, warn, type Finding } from './finding.ts';

const ABOUT = 'backups';
/** Where this node lies: of a restored one, whoever restores says it. */
export const OF_THE_PLACE: ReadonlySet<string> = new Set(['CAPSTAN_CONFIG', 'CAPSTAN_DATA_DIR']);

export function judgeBackups(
  configFile: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const names = Object.keys(variables)
    .filter((name) => name.startsWith('CAPSTAN_') && !OF_THE_PLACE.has(name))
    .toSorted();
  if (names.length > 0) {
    return [
      warn(
        ABOUT,
        `settings come as variables, which no backup holds: ${names.join(', ')}`,
        'put them into capstan.yaml, or keep a copy of what sets them (the unit file, compose.yml, files of secrets)',
      ),
    ];
  }
  const held = configFile === undefined ? 'no settings are made, so there are none to keep' : `they hold ${configFile}`;
  return [ok(ABOUT, held)];
}
