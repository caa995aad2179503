/** Settings of the filter of an environment: a container of the operator's that sees outputs before anybody else does. */
import { Type, type Static } from 'typebox';
import { strict } from './section.ts';

export const FilterSchema = Type.Object(
  {
    image: Type.String({ minLength: 1, description: 'Image of the filter, e.g. `registry.example/filter`.' }),
    tag: Type.Optional(Type.String({ description: 'Tag of the image; `latest` if absent.' })),
    checksum: Type.Optional(
      Type.String({ description: 'Digest of the image, `sha256:…`; no other one is used then.' }),
    ),
    entrypoint: Type.String({ minLength: 1, description: 'Command line in the image, e.g. `node /filter.js`.' }),
    seesInputs: Type.Boolean({
      default: false,
      description: 'Whether it finds datasets and algorithm below `/data`, to compare the outputs with.',
    }),
    maxDurationS: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 600,
      description: 'Longest run of the filter, in seconds. One that takes longer has failed.',
    }),
  },
  {
    ...strict,
    description:
      'Image that looks at the outputs of every job before they are published; see `docs/results.md`. None: outputs are published as they are.',
  },
);
export type FilterConfig = Static<typeof FilterSchema>;
