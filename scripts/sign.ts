/** `npm run sign`: signs a request as a consumer's wallet does, for whoever tries the API with curl. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Wallet } from 'ethers';
import { readCommandLine } from './parts/command-line.ts';
import { TYPED_HEADER } from '@capstan/shared/contract/typed-signature';
import { REQUESTS, signedOrder, signedQuery, signText, type RequestName } from './sign/requests.ts';
import { typedSignature } from './sign/typed.ts';
import { whyUnreached } from './parts/unreached.ts';

const USAGE = `usage: npm run -s sign -- <request> [options]

Signs a request to a Capstan node with the private key in WALLET_KEY, and prints what curl sends.

  new                        a new private key, for WALLET_KEY
  address                    the address of the key

  start                      reads an order (JSON) from stdin, prints it signed: the body of a POST
  status   --job, --dataset  what follows the ? in the URL, here and below; only where statusAccess is signed
  stop     --job, --dataset
  delete   --job, --dataset
  result   --job, --index
  log      --job
  text     TEXT              the signature of a text, and nothing else
  typed    METHOD URL        a typed signature for any request, as the header to send: the only way to tokens and tickets;
           --data FILE       with that body, byte by byte (curl: --data-binary @FILE)
           --provider 0x…    the node's address; asked for at the URL if absent

  --nonce N                  must be greater than the last one of this address; the time in milliseconds if absent

examples
  export WALLET_KEY=$(npm run -s sign -- new)
  URL="http://127.0.0.1:8030/api/services/createAuthToken?expiration=$(($(date +%s) + 3600))"
  curl "$URL" -H "$(npm run -s sign -- typed GET "$URL")"
  curl "http://127.0.0.1:8030/api/services/computeResult?$(npm run -s sign -- result --job JOB --index 0)"`;

/** Shorter than nodes allow, for clocks differ. */
const LASTS_S = 240;
const ANSWER_LIMIT_MS = 10_000;

const OPTIONS = {
  job: { type: 'string' },
  dataset: { type: 'string' },
  index: { type: 'string' },
  data: { type: 'string' },
  provider: { type: 'string' },
  nonce: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const typed = readCommandLine(USAGE, { options: OPTIONS, allowPositionals: true });
const [request = 'help', ...words] = typed.positionals;
if (typed.values.help || request === 'help') console.log(USAGE);
else await sign(request, words, typed.values);

interface Values {
  readonly job?: string | undefined;
  readonly dataset?: string | undefined;
  readonly index?: string | undefined;
  readonly data?: string | undefined;
  readonly provider?: string | undefined;
  readonly nonce?: string | undefined;
}

async function sign(name: string, rest: readonly string[], values: Values): Promise<void> {
  if (name === 'new') return console.log(Wallet.createRandom().privateKey);
  const wallet = walletOf(process.env.WALLET_KEY);
  if (wallet === undefined) return;
  if (name === 'address') return console.log(wallet.address);
  if (name === 'text') return console.log(signText(wallet, rest.join(' ')));

  const nonce = values.nonce ?? String(Date.now());
  if (name === 'start') {
    const body = signedOrder(parsed(await text(process.stdin)), { wallet, nonce });
    if (body === undefined) return refuse('The order on stdin is no JSON object with a dataset.documentId.');
    return console.log(JSON.stringify(body));
  }
  if (name === 'typed') return printTyped(rest, values, { wallet, nonce });
  if (!isRequest(name)) return refuse(`There is no request ${name}.\n\n${USAGE}`);
  const { job: jobId, dataset: documentId, index } = values;
  const signed = signedQuery(name, { jobId, documentId, index }, { wallet, nonce });
  if ('missing' in signed) return refuse(`${name} needs ${signed.missing.join(' and ')}.\n\n${USAGE}`);
  console.log(signed.query);
}

async function printTyped(
  [method, url]: readonly string[],
  { data, provider }: Values,
  { wallet, nonce }: { readonly wallet: Wallet; readonly nonce: string },
): Promise<void> {
  if (method === undefined || url === undefined || !URL.canParse(url)) {
    return refuse(`typed needs a method and a URL.\n\n${USAGE}`);
  }
  const node = provider ?? (await providerAt(url));
  if (node === undefined) return;
  const body = data === undefined ? undefined : await readFile(data);
  const expiresAtS = Math.floor(Date.now() / 1000) + LASTS_S;
  const header = typedSignature({ method, url, body }, { wallet, provider: node, nonce, expiresAtS });
  console.log(`${TYPED_HEADER}: ${header}`);
}

/** The address of the node behind a URL of one of its routes; undefined when it was refused, with the reason. */
async function providerAt(url: string): Promise<string | undefined> {
  const [root = url] = url.split('/api/');
  const orSay = "Or say the node's address with --provider.";
  let answer: Response;
  try {
    answer = await fetch(root, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  } catch (error) {
    return refuse(`${whyUnreached(root, error)} ${orSay}`);
  }
  const facts = (await answer.json().catch(() => ({}))) as { readonly providerAddress?: unknown };
  return typeof facts.providerAddress === 'string'
    ? facts.providerAddress
    : refuse(`What answers at ${root} (${answer.status}) is no node. ${orSay}`);
}

function isRequest(name: string): name is RequestName {
  return Object.hasOwn(REQUESTS, name);
}

function walletOf(key: string | undefined): Wallet | undefined {
  if (key !== undefined && /^(0x)?[0-9a-fA-F]{64}$/.test(key)) return new Wallet(key);
  return refuse('WALLET_KEY must hold a private key: export WALLET_KEY=$(npm run -s sign -- new)');
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function refuse(problem: string): undefined {
  console.error(problem);
  process.exitCode = 1;
}
