/**
 * What a file is called where somebody else keeps it, PURE: as its server names it, else by its number. The last part of an address never
 * is the name: it may be the very secret that opens the file.
 */
import { extname } from 'node:path';
import type { SourceFile } from './source.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const MAX_NAME = 255;
const MAX_TYPE = 128;
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}/;

/** Media types by the ends of names; who asks for files asks for these above all. */
const TYPES: Readonly<Record<string, string>> = {
  '.bin': 'application/octet-stream',
  '.csv': 'text/csv',
  '.gz': 'application/gzip',
  '.html': 'text/html',
  '.ipynb': 'application/x-ipynb+json',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.parquet': 'application/vnd.apache.parquet',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.py': 'text/x-python',
  '.tar': 'application/x-tar',
  '.tsv': 'text/tab-separated-values',
  '.txt': 'text/plain',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};

/** Of the headers of an answer. */
export function saidOf(headers: Headers): { readonly contentType?: string; readonly filename?: string } {
  const [type, disposition] = [headers['content-type'], headers['content-disposition']];
  const contentType = typeof type === 'string' ? MEDIA_TYPE.exec(type)?.[0] : undefined;
  const filename = typeof disposition === 'string' ? nameIn(disposition) : undefined;
  return { ...(contentType === undefined ? {} : { contentType }), ...(filename === undefined ? {} : { filename }) };
}

/** RFC 6266: the extended form first, without any folder. */
function nameIn(disposition: string): string | undefined {
  const [, extended] = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  const [, quoted, plain] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition) ?? [];
  const given = decoded(extended) ?? quoted?.replace(/\\(.)/g, '$1') ?? plain;
  return given === undefined ? undefined : safeName(given);
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function safeName(given: string): string | undefined {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const name = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, MAX_NAME);
  return name === '' || /^\.+$/.test(name) ? undefined : name;
}

interface Named {
  readonly contentType?: string;
  readonly filename?: string;
}

/** Name and type of the file at that index. */
export function describedAs(file: SourceFile, index: number, said: Named): { filename: string; contentType: string } {
  const ending = endingOf(file);
  const filename = said.filename ?? `file-${index}${ending ?? endingFor(said.contentType) ?? ''}`;
  const type = said.contentType ?? TYPES[extname(filename).toLowerCase()] ?? '';
  return { filename, contentType: type.slice(0, MAX_TYPE) };
}

/** How its address ends, if that says what it is: nothing but a word of the list above. */
function endingOf(file: SourceFile): string | undefined {
  const path = pathOf(file);
  const ending = path === undefined ? '' : extname(path).toLowerCase();
  return Object.hasOwn(TYPES, ending) ? ending : undefined;
}

function pathOf(file: SourceFile): string | undefined {
  switch (file.type) {
    case 'url':
      return URL.parse(file.url)?.pathname;
    case 'ipfs':
      return file.hash;
    case 'graphql':
    case 'smartcontract':
      return 'answer.json';
    case 'arweave':
    case 'catalogue':
    case 'provider':
    case 'result':
      return undefined;
  }
}

const endingFor = (contentType: string | undefined) =>
  Object.entries(TYPES).find(([, type]) => type === contentType?.toLowerCase())?.[0];
