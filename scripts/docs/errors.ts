/** docs/errors.md, PURE: every code that a client or an operator may meet, from the tables that make them. */
import { ERROR_TEXTS } from '@capstan/shared/contract/error-texts';
import { ERRORS, type ErrorCode } from '@capstan/shared/contract/errors';
import { REFUSAL_CODES, REFUSAL_TEXTS } from '../../services/gateway/src/assets/refusal-codes.ts';
import { JOB_REASONS, ORDER_REASONS } from '../../services/gateway/src/orders/refusals.ts';
import { ENDINGS_OF_ERRORS } from '../../services/runner/src/pipeline/ending.ts';

const HEAD = `# Errors

Every code, what it means, and what to do next. What an answer looks like is told in [api.md](api.md#errors); sockets and the client library name the code itself
(\`{"type":"error","code":"…"}\`), over HTTP the status and the text tell. _Retryable_ means that the same request, sent again unchanged, may succeed.

_This page is made from the tables in the code by \`npm run docs\`._
`;

const REFUSALS = `## What \`error\` says of a refused order

\`REFUSED\` over HTTP is a 400 with \`error: {"<resource>": "<code>"}\`, as Ocean Provider has it: \`{"dataset.documentId": "did_not_found"}\`. The key is the part of the order to mend.
`;

const REASONS = `## What \`reason\` says of a refused order on a chain

Ocean Provider has one code for many causes, \`{"dataset.serviceId": "order_invalid"}\` for data and \`{"algorithm": "in_use_or_not_on_chain"}\` for algorithms; \`reason\` tells them apart
([how orders are judged](orders.md)).
`;

export function errorsPage(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const inJobs = codes.filter((code) => isOfJobs(code));
  return [
    HEAD,
    '## Of requests, and of the node',
    '',
    ...table(
      ['code', 'HTTP', 'retryable', 'what it means', 'what to do next'],
      codes.filter((code) => !isOfJobs(code)).map((code) => [...facts(code), ...words(code)]),
    ),
    '',
    '## Of jobs',
    '',
    'A job that fails ends with one of the [endings](lifecycle.md#endings); `terminationDetails.reason` has the sentence, and the log of the runner has the code.',
    '',
    ...table(
      ['code', 'the job ends with', 'tried again by itself', 'what it means', 'what to do next'],
      inJobs.map((code) => [`\`${code}\``, String(ENDINGS_OF_ERRORS[code] ?? ''), yes(code), ...words(code)]),
    ),
    '',
    REFUSALS,
    ...table(
      ['code', 'what it means', 'what to do next'],
      Object.entries(REFUSAL_CODES).map(([code, { about, hint }]) => [`\`${code}\``, about, hint]),
    ),
    '',
    'Some refusals are a text instead:',
    '',
    ...table(
      ['`error`', 'what to do next'],
      Object.entries(REFUSAL_TEXTS).map(([text, hint]) => [`\`${text}\``, hint]),
    ),
    '',
    REASONS,
    ...table(
      ['reason', 'what `message` says'],
      Object.entries({ ...ORDER_REASONS, ...JOB_REASONS }).map(([reason, text]) => [`\`${reason}\``, text]),
    ),
    '',
  ].join('\n');
}

const FIRST_OF_JOBS: ErrorCode = 'IMAGE_UNAVAILABLE';

/** The table of codes has the steps of a job last. */
function isOfJobs(code: ErrorCode): boolean {
  const codes = Object.keys(ERRORS);
  return codes.indexOf(code) >= codes.indexOf(FIRST_OF_JOBS);
}

const yes = (code: ErrorCode) => (ERRORS[code].retryable ? 'yes' : '');
const facts = (code: ErrorCode) => [`\`${code}\``, String(ERRORS[code].status), yes(code)];
const words = (code: ErrorCode) => [ERROR_TEXTS[code].about, ERROR_TEXTS[code].hint];

function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)];
}
