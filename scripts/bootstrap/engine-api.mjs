import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { SetupError } from './setup-error.mjs';

// Debian 13's docker.io comes without the docker command, so the set-up talks to the engine itself.

export const DEFAULT_SOCKET = '/var/run/docker.sock';

/** True if DOCKER_HOST names an engine: one that somebody else looks after. */
export function isForeignEngine() {
  return engineUrl() !== `unix://${DEFAULT_SOCKET}`;
}

/** `--engine <socket>` among the words of a command: what is brought up, and the command itself, use that engine. */
export function useNamedEngine(words) {
  const at = words.findIndex((word) => word === '--engine' || word.startsWith('--engine='));
  if (at === -1) return;
  const socket = words[at].slice('--engine='.length) || words[at + 1];
  if (!socket?.startsWith('/'))
    throw new SetupError('--engine is the path of the socket of an engine', 'as in --engine /run/podman/podman.sock');
  process.env.DOCKER_HOST = `unix://${socket}`;
}

/** Where the engine should answer, as DOCKER_HOST would say it. */
export function engineUrl() {
  return process.env.DOCKER_HOST || `unix://${DEFAULT_SOCKET}`;
}

/**
 * One request to the engine. A body is an (async) iterable of buffers; it is streamed.
 * @returns {Promise<{ status: number, body: string }>}
 */
export async function engineRequest({ method = 'GET', path, body, signal, limitMs }) {
  const { protocol, ...address } = engineAddress();
  const limits = [signal, AbortSignal.timeout(limitMs)].filter(Boolean);
  const headers = body === undefined ? {} : { 'content-type': 'application/x-tar' };
  const request = protocol.request({
    ...address,
    method,
    path,
    headers,
    agent: false,
    signal: AbortSignal.any(limits),
  });
  const response = new Promise((resolve, reject) => request.on('response', resolve).on('error', reject));
  const sent = body === undefined ? request.end() : pipeline(body, request);
  const [answer] = await Promise.all([response, sent]);
  return { status: answer.statusCode, body: await text(answer) };
}

function engineAddress() {
  const url = engineUrl();
  if (url.startsWith('unix://')) return { protocol: http, socketPath: url.slice('unix://'.length), host: 'localhost' };
  const tcp = /^(?:tcp|https?):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?/.exec(url);
  if (tcp === null) {
    throw new SetupError(
      `DOCKER_HOST is ${url}, which is neither a socket nor a TCP address`,
      'set DOCKER_HOST=unix:///path or unset it',
    );
  }
  const host = tcp[1].replace(/^\[|\]$/g, '');
  const usesTls = Boolean(process.env.DOCKER_TLS_VERIFY) || url.startsWith('https:');
  const port = Number(tcp[2] ?? (usesTls ? 2376 : 2375));
  return usesTls ? { protocol: https, host, port, ...certificates() } : { protocol: http, host, port };
}

function certificates() {
  const folder = process.env.DOCKER_CERT_PATH;
  if (!folder) return {};
  const read = (name) => readFileSync(join(folder, name));
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
