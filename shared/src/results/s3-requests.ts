/** Requests to an S3 store: signed (version 4), sent to it alone, and taken for done only by an answer that was expected. */
import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { smallBody, told } from './answers.ts';
import { unavailable, type Patience } from './objects.ts';
import { errorCodeIn, MAX_XML_BYTES } from './s3-xml.ts';
import { limited } from '../runtime/limited.ts';

export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Without: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses that mean that it was done. */
  readonly expects: readonly number[];
  /** Codes of errors that are answers, too. */
  readonly accepts?: readonly string[];
  /** Of the answer; what XML may have if absent. */
  readonly maxBytes?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Of an error that was accepted. */
  readonly code: string | undefined;
}

/** An error's body says one code; no more of it is looked at. */
const MAX_ERROR_BYTES = 64 * 1024;

export interface S3Requests {
  /** The whole answer, within `limitMs`. */
  ask(request: Request, signal: AbortSignal, limitMs?: number): Promise<Answer>;
  /** An answer whose body is still to come. */
  open(request: Request, signal: AbortSignal): Promise<Response>;
}

export function createS3Requests(options: S3Options, patience: Patience): S3Requests {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = options;
  const root = `${endpoint.replace(/\/+$/, '')}/${bucket}`;

  const send = async ({ method, key, query = {}, headers = {}, body }: Request, signal: AbortSignal) => {
    const search = new URLSearchParams(query).toString();
    const url = `${root}${key === undefined ? '' : `/${key}`}${search === '' ? '' : `?${search}`}`;
    const signer = new AwsV4Signer({
      method,
      url,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        // A store that checks it notices what was changed on the way.
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
    });
    const signed = await signer.sign();
    // Followed nowhere: the signature is for this store alone.
    return fetch(signed.url, { method, headers: signed.headers, body: body ?? null, redirect: 'manual', signal });
  };

  const refusal = async (response: Response, accepts: readonly string[]) => {
    const { status, headers } = response;
    const body = await smallBody(response, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
    const code = errorCodeIn(body.toString('utf8'));
    if (code !== undefined && status >= 400 && accepts.includes(code)) return { status, headers, body, code };
    throw unavailable(`it answered ${status}${code === undefined ? '' : ` (${code})`}`);
  };

  return {
    ask: (request, signal, limitMs = patience.askMs) => {
      return told(async () => {
        using limit = limited(limitMs, signal);
        const response = await send(request, limit.signal);
        const { status, headers } = response;
        if (!request.expects.includes(status)) return await refusal(response, request.accepts ?? []);
        return { status, headers, body: await smallBody(response, request.maxBytes ?? MAX_XML_BYTES), code: undefined };
      }, signal);
    },
    open: (request, signal) =>
      told(async () => {
        const response = await send(request, signal);
        if (request.expects.includes(response.status)) return response;
        const { status } = await refusal(response, []);
        throw unavailable(`it answered ${status}`);
      }, signal),
  };
}
