/** What a description of an asset (DDO 4.x) must be, after the public shapes that metadata stores check. Lengths and counts are theirs. */
import { Type } from 'typebox';
import { compile, type FieldErrors } from '@capstan/shared/schema/validate';
import { isUnderOwnDid } from '@capstan/shared/assets/asset-did';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { readDdo } from '@capstan/shared/assets/read-ddo';

const text = (minLength: number, maxLength: number) => Type.String({ minLength, maxLength });
const Address = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$' });
const Word = text(0, 256);
const some = <Each extends ReturnType<typeof text>>(each: Each) => Type.Array(each, { maxItems: 64 });

const ConsumerParameters = Type.Array(
  Type.Object({
    name: text(1, 256),
    type: Word,
    label: Word,
    required: Type.Boolean(),
    description: text(0, 7_000),
    default: Type.Unknown(),
  }),
  { maxItems: 64 },
);

const Container = Type.Object({
  entrypoint: text(3, 256),
  image: text(1, 256),
  tag: text(1, 256),
  checksum: text(7, 512),
});

const Metadata = Type.Object({
  description: text(10, 7_000),
  name: text(4, 512),
  type: Type.Union([Type.Literal('dataset'), Type.Literal('algorithm')]),
  author: text(1, 256),
  license: text(1, 256),
  copyrightHolder: Type.Optional(text(0, 512)),
  links: Type.Optional(some(text(0, 512))),
  tags: Type.Optional(some(Word)),
  categories: Type.Optional(some(Word)),
  contentLanguage: Type.Optional(Word),
  algorithm: Type.Optional(
    Type.Object({
      version: Type.Optional(Word),
      language: Type.Optional(Word),
      container: Container,
      consumerParameters: Type.Optional(ConsumerParameters),
    }),
  ),
});

const Service = Type.Object({
  id: text(1, 256),
  type: text(1, 256),
  name: Type.Optional(text(4, 256)),
  description: Type.Optional(text(10, 7_000)),
  datatokenAddress: Address,
  serviceEndpoint: text(10, 2_048),
  files: Type.String({ minLength: 1, maxLength: 1_000_000 }),
  timeout: Type.Integer({ minimum: 0 }),
  consumerParameters: Type.Optional(ConsumerParameters),
});

const validate = compile(
  Type.Object({
    '@context': Type.Array(Type.String({ maxLength: 2_048 }), { minItems: 1, maxItems: 16 }),
    id: Type.String({ pattern: '^did:op:[0-9a-f]{64}$' }),
    version: Type.String({ pattern: '^4\\.[0-9]{1,3}\\.[0-9]{1,3}$' }),
    chainId: Type.Integer({ minimum: 1 }),
    nftAddress: Address,
    metadata: Metadata,
    services: Type.Array(Service, { minItems: 1, maxItems: 64 }),
  }),
);

/** Every field that is wrong, or undefined for a description that can be published, and used here. */
export function problemsOf(value: unknown): FieldErrors | undefined {
  const shaped = validate(value);
  if (!shaped.ok) return shaped.errors;
  const { metadata } = shaped.value;
  if (metadata.type === 'algorithm' && !metadata.algorithm) {
    return { 'metadata.algorithm': ['The metadata.algorithm field is required of an algorithm.'] };
  }
  const read = readDdo(value);
  if (!read.ok) return read.errors;
  if (!isUnderOwnDid(read.value)) {
    return {
      id: ['The id field must be did:op: and the SHA-256 of the checksummed nftAddress followed by the chainId.'],
    };
  }
  return problemsOfServices(read.value);
}

function problemsOfServices({ services }: Ddo): FieldErrors | undefined {
  const found = services.flatMap(({ problems, type, compute }, index) => {
    const missing =
      type === 'compute' && compute === undefined ? [`The services[${index}].compute field is required.`] : [];
    const all = [...(problems ?? []), ...missing];
    return all.length === 0 ? [] : [[`services[${index}]`, all] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
