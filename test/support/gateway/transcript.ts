/** What the gateway answers, as text that is the same each time: to see that a change of the code changes none of it. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { Sent } from './every-request.ts';

/** Headers that say something of the route. */
const TELLING = [
  'accept-ranges',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'allow',
  'cache-control',
  'capstan-cursor',
  'content-disposition',
  'content-range',
  'content-security-policy',
  'content-type',
  'etag',
  'link',
  'location',
  'retry-after',
  'vary',
  'x-accel-buffering',
  'x-content-type-options',
] as const;

export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The answer, as it came. */
export async function hear(url: string, { method, path, headers = {}, body }: Sent): Promise<Heard> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const asking = request({ hostname, port, method, path, agent: false, headers: { ...headers, ...length } });
  asking.end(body);
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8');
  for await (const piece of answer) text += String(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/** What differs from one time to the other, by what it is. */
const VARIES: readonly (readonly [RegExp, string])[] = [
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '(token)'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(date)'],
  [/(0x)?[0-9a-fA-F]{32,}/g, '(hex)'],
  [/\b\d{10,}(\.\d+)?\b/g, '(number)'],
];

/** How much of a body is told: all; all but what is made anew each time; or which members it has. */
export type Detail = 'all' | 'lasting' | 'members';

/** What an answer is told as. */
export function told({ status, headers, text }: Heard, detail: Detail): string {
  const lines = TELLING.flatMap((name) => (headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`]));
  const body = detail === 'members' ? shapeOf(text) : text;
  let all = [String(status), ...lines, ...(body === '' ? [] : [body])].join('\n');
  for (const [varying, name] of detail === 'all' ? [] : VARIES) all = all.replaceAll(varying, name);
  const now = all
    .replaceAll(/\n{2,}/g, '\n')
    .trimEnd()
    .replaceAll(/\bhere it is \d+/g, 'here it is (now)');
  return now.replaceAll(/^(etag|capstan-cursor): .*$/gm, '$1: (varies)');
}

function shapeOf(text: string): string {
  try {
    return JSON.stringify(shape(JSON.parse(text), 2));
  } catch {
    return `(${text === '' ? 'nothing' : 'text'})`;
  }
}

function shape(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  if (levels === 0) return Array.isArray(value) ? 'list' : 'object';
  if (Array.isArray(value)) return value.slice(0, 1).map((each) => shape(each, levels - 1));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shape(each, levels - 1)]));
}
