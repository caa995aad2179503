/** What a text must be that a pattern stands for, PURE: people mend requests by words. A test fails for a request's pattern without them. */

const ADDRESS = 'an address: 0x and 40 hexadecimal characters';
const CURSOR = 'a cursor, as an answer of the node named it';
const HTTP_ADDRESS = 'an address that begins with https:// or http://, without a query';
const SECONDS = 'a time in Unix seconds';

const WORDS: Readonly<Record<string, string>> = {
  '^0x[0-9a-fA-F]{40}$': ADDRESS,
  '^(0x)?[0-9a-fA-F]{130}$': 'a signature of 65 bytes: 0x and 130 hexadecimal characters',
  '^[0-9]{1,78}(\\.[0-9]{1,77})?$': 'a decimal number, such as the time in milliseconds',
  '^(0x)?(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$':
    'a public key of secp256k1, as 33 bytes or 65 of hexadecimal characters',
  '^https?://': 'an address that begins with https:// or http://',
  '^(did:op:[0-9a-fA-F]{64}|(?=[0-9]*[a-fA-F])[0-9a-fA-F]{64})$': 'a DID: did:op: and 64 hexadecimal characters',
  '^[0-9]{1,16}$': CURSOR,
  '^([0-9]{1,16}|now|start)$': `now, start, or ${CURSOR}`,
  '^([0-5]?[0-9](\\.[0-9]{1,3})?|60)$': 'a number of seconds, 60 at most',
  '^[^,]{1,64}(,[^,]{1,64}){0,99}$': 'ids of jobs with commas between them, 100 at most',
  '^(waiting|running|ended)(,(waiting|running|ended)){0,2}$': 'waiting, running or ended, or several with commas',
  '^([1-9][0-9]{0,2}|1000)$': 'a number from 1 to 1000',
  '^[0-9]{1,9}$': 'the index of a result: 0 or more, as the status of the job lists it',
  '^[1-9][0-9]{0,8}$': 'the number of a run: 1 or more',
  '^[0-9]{1,4}$': 'a number from 0 to 9999',
  '^(true|false|0|1)$': 'true or false',
  '^[0-9]{1,15}$': 'the id of a chain: a number, as GET / lists them',
  '^0x([0-9a-fA-F]{2})*$': 'bytes as hexadecimal characters, after 0x',
  '^0x[0-9a-fA-F]{64}$': 'the hash of a transaction: 0x and 64 hexadecimal characters',
  '^(0x[0-9a-fA-F]{1,2}|[0-9]{1,3})$': 'a number from 0 to 255, as hexadecimal characters or decimal',
  '^(0x)?[0-9a-fA-F]{64}$': 'a SHA-256: 64 hexadecimal characters',
  '^[1-9]$': 'a number from 1 to 9',
  '^-?[0-9]{1,12}$': 'a number of bytes; below zero, counted from the end',
  '^[0-9]{1,20}$': 'the id of a chain: a number, as GET / lists them',
  '^[0-9]{1,12}$': SECONDS,
  '^[0-9]{1,11}$': SECONDS,
  '^https?://[^/?#@]+(/[^/?#]+)*$':
    'an address that begins with https:// or http://, with a path or without, and without a slash at its end',
  '^https?://[^/?#]+(/[^?#]*)?$': HTTP_ADDRESS,
  '^https?://[^/?#@]+(/[^?#]*)?$': HTTP_ADDRESS,
  '^https?://[^/?#@]+$': 'an address that begins with https:// or http://, without a path',
  '^[0-9a-fA-F.:]+/[0-9]{1,3}$': 'a range of addresses, such as 10.0.0.0/8',
  '^([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:]+\\])(:[0-9]{1,5})?$':
    'the host of a registry, such as registry.example:5000, without https://',
  '^[A-Za-z0-9_:.-]{1,128}$': 'a name of a GPU: its number, or its UUID',
  '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$': 'the name of a bucket: 3 to 63 small letters, digits, dots and hyphens',
  '^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$': 'names of letters, digits and . _ - with slashes between them',
  '^(/[A-Za-z0-9._-]+)+$': 'a path that begins with a slash, of letters, digits and . _ -',
  '^[A-Za-z0-9._-]{1,253}$': 'the name of a host, without a port',
  '^[A-Za-z0-9_-]{1,64}$': 'a name of at most 64 letters, digits and _ -',
  '^[A-Za-z0-9._:-]{1,64}$': 'a name of at most 64 letters, digits and . _ : -',
};

export const wordsFor = (pattern: unknown): string | undefined =>
  typeof pattern === 'string' ? WORDS[pattern] : undefined;
