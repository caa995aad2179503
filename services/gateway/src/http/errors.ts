/** The one place where errors become responses. Source of the bodies: the wire contract, §5. */
import type { Context, Middleware } from 'koa';
import { CapstanError, ERRORS } from '@capstan/shared/contract/errors';
import { PROOF_FIELDS, proofHint } from '@capstan/shared/contract/proof-hints';
import type { Log } from '@capstan/shared/runtime/log';
import { RETRY_AFTER_S } from '../limits/retry-after.ts';
import { answerEarly } from './linger.ts';

export function errorResponses(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      refuseUnanswered(ctx);
    } catch (error) {
      respond(ctx, asOurs(error, log));
    }
  };
}

/** What no route took. */
function refuseUnanswered(ctx: Context): void {
  if (ctx.body !== undefined && ctx.body !== null) return;
  if (ctx.status === 404) throw noRoute(ctx.path);
  if (ctx.status === 405 || ctx.status === 501) {
    const allowed = ctx.response.get('Allow');
    throw new CapstanError('METHOD_NOT_ALLOWED', `${ctx.method} is not for this path. Use one of: ${allowed}.`);
  }
}

function noRoute(path: string): CapstanError {
  return new CapstanError('NOT_FOUND', `There is no ${path.slice(0, 200)} here. GET / lists what there is.`);
}

/** Whatever is not ours is a mistake of ours: logged whole, shown as nothing. */
function asOurs(error: unknown, log: Log): CapstanError {
  if (error instanceof CapstanError) {
    logOurs(error, log);
    return error;
  }
  log.error({ err: error }, 'request failed in a way that it must not');
  return new CapstanError('INTERNAL', 'Something went wrong in the node. Its log says what.');
}

/** What passes by itself is no work for a person, and anybody can ask for it as often as they like. */
function logOurs(error: CapstanError, log: Log): void {
  const { code, message: problem } = error;
  const { status, retryable } = ERRORS[code];
  if (status < 500) return;
  if (retryable && code !== 'STORE_UNAVAILABLE') log.warn({ code, problem }, 'request failed for now');
  else log.error({ err: error, code }, 'request failed');
}

function respond(ctx: Context, error: CapstanError): void {
  const { status, retryable } = ERRORS[error.code];
  ctx.status = status;
  const retryAfter = retryable && status === 503 ? { 'Retry-After': String(RETRY_AFTER_S) } : {};
  const headers: Readonly<Record<string, string>> = { ...retryAfter, ...error.facts.headers };
  ctx.set(headers);
  const body = bodyOf(error, ctx, headers['Retry-After']);
  if (ctx.req.complete || ctx.req.destroyed) ctx.body = body;
  else answerEarly(ctx, body);
}

function bodyOf(error: CapstanError, ctx: Context, retryAfterS: string | undefined): object {
  switch (error.code) {
    case 'VALIDATION':
      return { errors: error.facts.fields ?? {}, message: 'Validation error', success: false, ...hintFor(ctx, error) };
    case 'REFUSED':
      return {
        error: error.facts.refusal ?? error.message,
        message: error.message,
        ...(error.facts.reason === undefined ? {} : { reason: error.facts.reason }),
      };
    case 'INTERNAL':
    case 'INVALID_MESSAGE':
      return { error: 'Something went wrong in the node. Its log says what.' };
    default:
      return {
        error: withNextStep(error.message, retryAfterS),
        ...(error.facts.detail === undefined ? {} : { message: error.facts.detail }),
      };
  }
}

/** What passes by itself says when to come back, unless its words do so already. */
function withNextStep(text: string, retryAfterS: string | undefined): string {
  if (retryAfterS === undefined || /\bagain\b|another request/i.test(text)) return text;
  return `${/[.!?]$/.test(text) ? text : `${text}.`} Try again in ${retryAfterS} s.`;
}

/** Whoever sends their first request learns here what to sign. */
function hintFor(ctx: Context, { facts: { fields = {} } }: CapstanError): { readonly hint?: string } {
  // A field may also lack because one of several has to say which jobs are meant: that is no proof.
  if (!PROOF_FIELDS.some((name) => fields[name]?.includes(`The ${name} field is required.`))) return {};
  const hint = proofHint(ctx.method, ctx.path);
  return hint === undefined ? {} : { hint };
}
