import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { openApi } from '@capstan/shared/contract/openapi';

interface Media {
  readonly schema?: { readonly $ref?: string; readonly items?: { readonly $ref?: string } };
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Described {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
    readonly responses: Readonly<Record<string, Response>>;
  };
}
interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}

describe('the examples of the API', () => {
  const description = openApi('0.1.0') as unknown as Described;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const answers = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).map(([status, { content, $ref = '' }]) => ({
        name: `${method} ${path} ${status}`,
        status: Number(status),
        media: (content ?? description.components.responses[$ref.split('/').at(-1) ?? '']?.content)?.[
          'application/json'
        ],
      })),
    ),
  );

  it('show a refusal of each status as the node has it, each with another one', () => {
    const texts = new Map<number, Set<string>>();
    for (const { name, status, media } of answers.filter((each) => each.status >= 400)) {
      // Of what is as well as it may be, the schema has the example.
      if (media?.schema?.$ref === '#/components/schemas/Health') continue;
      const examples = Object.values(media?.examples ?? {});
      expect(examples, name).to.have.length.above(0);
      for (const { value } of examples) {
        const check = ajv.compile({ ...media?.schema, components: description.components });
        expect(check(value), `${name}: ${ajv.errorsText(check.errors)}`).to.equal(true);
        const known = texts.get(status) ?? new Set();
        texts.set(status, known.add(JSON.stringify(value)));
      }
    }
    expect([...texts.keys()]).to.include.members([
      400, 401, 403, 404, 408, 410, 412, 413, 415, 416, 417, 421, 429, 431, 500, 503,
    ]);
    const all = [...texts.values()].flatMap((each) => [...each]);
    expect(new Set(all).size).to.equal(all.length);
  });

  it('are of an answer, not of refusals at large: programs that play the node would take that one for all', () => {
    expect(description.components.schemas['Error']).not.to.have.property('examples');
  });

  it('name a field of the very route in what is missing', () => {
    const [status] = answers.filter(({ name }) => name === 'get /api/services/compute 400');
    expect(JSON.stringify(status?.media?.examples)).to.contain('jobId').and.not.to.contain('dataset');
  });

  it('are there for the health of the node, for assets and for files', () => {
    for (const name of ['Health', 'Asset', 'FoundAssets', 'FileInfo']) {
      const [example] = description.components.schemas[name]?.examples ?? [];
      expect(example, name).to.be.an('object');
      expect(JSON.stringify(example)).not.to.contain('"string"');
      expect(Object.keys(example as object), name).to.have.length.above(2);
    }
    const asset = answers.find(({ name }) => name === 'get /api/aquarius/assets/ddo/{did} 200');
    expect(asset?.media?.schema?.$ref).to.equal('#/components/schemas/Asset');
  });
});
