/** What the node says of its routes and its socket, before tools of the field and before readers. */
import { asyncApi } from '@capstan/shared/contract/asyncapi';
import { openApi } from '@capstan/shared/contract/openapi';
import { ERRORS } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { problemsOf } from '../../../scripts/lint/descriptions.ts';

const DOCUMENTS = { 'openapi.json': openApi('0.0.0'), 'asyncapi.json': asyncApi('0.0.0', Object.keys(ERRORS)) };

/** Members of objects that neither say what they are nor lead to a schema that does. */
function silentMembers(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => [
    ...(path.endsWith('/properties') && !saysItself(each as object) ? [`${path}/${key}`] : []),
    ...silentMembers(each, `${path}/${key}`),
  ]);
}
const saysItself = (schema: object) => 'description' in schema || 'const' in schema || '$ref' in schema;

/** Without what it says of ids of jobs. */
const withoutOne = (document: object): object =>
  JSON.parse(JSON.stringify(document).replace(/"description":"The id of a job[^"]*"/g, '"title":""')) as object;

for (const [name, document] of Object.entries(DOCUMENTS)) {
  describe(name, () => {
    it('passes the linter', async () => {
      expect(await problemsOf(name, document)).to.deep.equal([]);
    });

    it('does not pass it with a reference that leads nowhere', async () => {
      const broken = JSON.stringify(document).replace('#/components/schemas/Job"', '#/components/schemas/Jobs"');
      expect((await problemsOf(name, JSON.parse(broken) as object)).join()).to.contain('no-unresolved-refs');
    });

    it('says of each member what it is', () => {
      expect(silentMembers(document)).to.deep.equal([]);
      expect(silentMembers(withoutOne(document))).not.to.deep.equal([]);
    });
  });
}

describe('openapi.json', () => {
  it('names a schema wherever it stands, also where it may be absent', () => {
    const { components } = openApi('0.0.0') as { components: { schemas: Record<string, { properties: object }> } };
    expect(components.schemas['OrderQuote'])
      .to.have.nested.property('properties.providerFee')
      .that.deep.equals({ $ref: '#/components/schemas/ProviderFee' });
  });
});
