/** The import rules of one file, derived from the table of rooms, PURE. */
import { posix } from 'node:path';
import { COMPOSITION_ROOT, PURE_NAMES, PURE_PACKAGES, RESERVED, WORKSPACES, type Workspace } from './rooms.ts';

export interface SourceFile {
  /** From the top of the repository, with forward slashes. */
  readonly path: string;
  readonly isPure: boolean;
}

interface Pattern {
  /** As in a .gitignore: a later line that begins with `!` takes something out again. */
  readonly group: string[];
  readonly message: string;
  readonly importNames?: string[];
  readonly allowTypeImports?: boolean;
}

/** What the linter's `no-restricted-imports` wants for a file. */
export interface Restrictions {
  readonly paths: {
    readonly name: string;
    readonly message: string;
    readonly importNames?: string[];
    readonly allowImportNames?: string[];
  }[];
  readonly patterns: Pattern[];
}

export function restrictionsOf(file: SourceFile, all: readonly SourceFile[]): Restrictions {
  const workspace = WORKSPACES.find(({ src }) => file.path.startsWith(`${src}/`));
  const patterns = [
    ...reserved(file),
    {
      group: [`**/${COMPOSITION_ROOT}`],
      message: 'Nobody imports main.ts: what it puts together comes as an argument.',
    },
    ...(workspace ? [strangers(workspace), ...neighbours(file, workspace)] : []),
    ...(file.isPure ? [impure(file, all)] : []),
  ];
  const paths = Object.entries(PURE_NAMES).map(([name, allowImportNames]) => ({
    name,
    allowImportNames,
    message: `A PURE file takes only ${allowImportNames.join(', ')} from here.`,
  }));
  return { paths: [...reservedFiles(file), ...(file.isPure ? paths : [])], patterns };
}

const isFile = ({ imported }: (typeof RESERVED)[number]) => imported.startsWith('services/');

/** Named as the file names it: what a room allows to be imported takes a pattern of another line out again. */
function reservedFiles({ path }: SourceFile): Restrictions['paths'] {
  return RESERVED.filter((one) => isFile(one) && !one.by.some((place) => covers(place, path))).flatMap(
    ({ imported, names = [], instead }) =>
      specifiers(path, imported).map((name) => ({ name, importNames: [...names], message: instead })),
  );
}

function reserved({ path }: SourceFile): readonly Pattern[] {
  const others = RESERVED.filter((one) => !isFile(one) && !one.by.some((place) => covers(place, path)));
  return others.map(({ imported, names, instead }) => ({
    group: [imported],
    ...(names ? { importNames: [...names] } : {}),
    message: instead,
  }));
}

/** A place is a file, a folder (`a/`, with all below it), or the files directly in a folder (`a/*`). */
function covers(place: string, path: string): boolean {
  if (place.endsWith('/*')) return posix.dirname(path) === place.slice(0, -2);
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

/** Other workspaces: services use shared by its package name, and nobody reaches into a service. */
function strangers({ src }: Workspace): Pattern {
  const shared = src === 'shared/src' ? ['@capstan/shared/**'] : [];
  return {
    group: ['@capstan/gateway/**', '@capstan/runner/**', '**/services/**', '**/scripts/**', '**/test/**', ...shared],
    message: 'Services use shared, never each other; shared uses neither.',
  };
}

function neighbours({ path }: SourceFile, { src, rooms }: Workspace): readonly Pattern[] {
  const inside = posix.relative(src, path);
  if (inside === COMPOSITION_ROOT) return [];
  const [room = '.', ...below] = inside.split('/').slice(0, -1);
  const allowed = rooms[room] ?? [];
  const message = `${src}/${room} may import ${allowed.length > 0 ? allowed.join(', ') : 'no other room'} (scripts/lint/rooms.ts).`;
  // The way from the file to its workspace: `./` for a file beside the rooms, `../` in a room, `../../` in a folder of a room.
  const up = room === '.' ? './' : '../'.repeat(below.length + 1);
  const others = Object.keys(rooms).filter((other) => other !== '.');
  const group = room === '.' ? others.map((other) => `${up}${other}/**`) : [`${up}**`];
  const exceptions = allowed.map((other) => `!${up}${placeOf(other)}`);
  return [{ group: [...group, ...exceptions], message }];
}

function placeOf(other: string): string {
  if (other === '.') return '*.ts';
  return other.endsWith('.ts') ? other : `${other}/**`;
}

function impure(file: SourceFile, all: readonly SourceFile[]): Pattern {
  const pureFiles = all.filter(({ path, isPure }) => isPure && path !== file.path);
  return {
    group: [
      '**',
      '../**',
      './**',
      ...[...PURE_PACKAGES, ...Object.keys(PURE_NAMES)].map((name) => `!${name}`),
      ...pureFiles.flatMap(({ path }) => specifiers(file.path, path)).map((specifier) => `!${specifier}`),
    ],
    message: 'A PURE file imports only shared/contract, other PURE files, and packages that compute.',
    allowTypeImports: true,
  };
}

/** How one file may name another. */
function specifiers(from: string, to: string): readonly string[] {
  const way = posix.relative(posix.dirname(from), to);
  const relative = way.startsWith('.') ? way : `./${way}`;
  return to.startsWith('shared/src/')
    ? [relative, to.replace(/^shared\/src\//, '@capstan/shared/').replace(/\.ts$/, '')]
    : [relative];
}
