/** `npm run sign`: signs a request as a consumer's wallet does, for whoever tries the API with curl. */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { Wallet } from 'ethers';
import { systemCode } from '@capstan/shared/errors';
import { REQUESTS, signedOrder, signedQuery, signText, type RequestName } from './sign/requests.ts';

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
  token    --expires-in      for createAuthToken; seconds from now, 3600 if absent
  revoke   --token           for deleteAuthToken
  text     TEXT              the signature of a text, and nothing else

  --nonce N                  must be greater than the last one of this address; the time in milliseconds if absent

example
  export WALLET_KEY=$(npm run -s sign -- new)
  curl "http://127.0.0.1:8030/api/services/computeResult?$(npm run -s sign -- result --job JOB --index 0)"`;

const OPTIONS = {
  job: { type: 'string' },
  dataset: { type: 'string' },
  index: { type: 'string' },
  token: { type: 'string' },
  'expires-in': { type: 'string', default: '3600' },
  nonce: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

try {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [name = 'help', ...rest] = positionals;
  if (values.help || name === 'help') console.log(USAGE);
  else await sign(name, rest, values);
} catch (error) {
  if (!(error instanceof Error) || systemCode(error)?.startsWith('ERR_PARSE_ARGS') !== true) throw error;
  refuse(error.message);
}

interface Values {
  readonly job?: string | undefined;
  readonly dataset?: string | undefined;
  readonly index?: string | undefined;
  readonly token?: string | undefined;
  readonly 'expires-in': string;
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
  if (!isRequest(name)) return refuse(`There is no request ${name}.\n\n${USAGE}`);
  const expiration = String(Math.floor(Date.now() / 1000) + Number(values['expires-in']));
  const { job: jobId, dataset: documentId, index, token } = values;
  const signed = signedQuery(name, { jobId, documentId, index, token, expiration }, { wallet, nonce });
  if ('missing' in signed) return refuse(`${name} needs ${signed.missing.join(' and ')}.\n\n${USAGE}`);
  console.log(signed.query);
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
