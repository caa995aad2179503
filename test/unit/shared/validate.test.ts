import { SealedFilesSchema } from '@capstan/shared/contract/ddo';
import { StartRequestSchema } from '@capstan/shared/contract/api';
import { DesiredSchema } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/errors';
import { compile, compileStrict } from '@capstan/shared/validate';
import { expect } from 'chai';
import { Type, type TSchema } from 'typebox';

function errorsOf(schema: TSchema, value: unknown): Readonly<Record<string, readonly string[]>> {
  const checked = compile(schema)(value);
  return checked.ok ? {} : checked.errors;
}

describe('validation', () => {
  it('names every bad field at once, nested ones with dots', () => {
    const errors = errorsOf(StartRequestSchema, {
      signature: 'nope',
      consumerAddress: `0x${'a'.repeat(40)}`,
      environment: 5,
      dataset: { documentId: 'did', transferTxId: '0x' },
      algorithm: { meta: { container: { image: 5 } } },
      additionalDatasets: [{ documentId: 'a', serviceId: 'b', transferTxId: 'c' }, { serviceId: 'b' }],
    });
    expect(Object.keys(errors).toSorted()).to.deep.equal([
      'additionalDatasets.1.documentId',
      'additionalDatasets.1.transferTxId',
      'algorithm.meta.container.image',
      'dataset.serviceId',
      'environment',
      'nonce',
      'signature',
    ]);
    expect(errors['dataset.serviceId']).to.deep.equal(['The dataset.serviceId field is required.']);
  });

  it('hands on a value that fits, with its defaults filled in', () => {
    const schema = Type.Object({ a: Type.Integer({ default: 3 }), b: Type.String() });
    expect(compile(schema)({ b: 'x' })).to.deep.equal({ ok: true, value: { a: 3, b: 'x' } });
  });

  it('names a value that is wrong as a whole', () => {
    for (const value of [null, 'text', 3, []]) {
      expect(errorsOf(Type.Object({}), value)).to.deep.equal({ '(root)': ['The (root) field must be object.'] });
    }
  });

  it('says what is allowed where a field is one of several words', () => {
    const schema = Type.Object({ access: Type.Union([Type.Literal('open'), Type.Literal('signed')]) });
    expect(errorsOf(schema, { access: 'shut' })).to.deep.equal({
      access: ['The access field must be one of "open", "signed".'],
    });
  });

  it('says one thing of a field that may have several forms, not one for each of them', () => {
    const errors = errorsOf(SealedFilesSchema, [{ type: 'url' }]);
    expect(errors).to.deep.equal({ '(root)': ['The (root) field has none of the allowed forms.'] });
  });

  it('names a field that is not known where a schema is closed', () => {
    const errors = errorsOf(Type.Object({ a: Type.Object({}, { additionalProperties: false }) }), { a: { b: 1 } });
    expect(errors).to.deep.equal({ 'a.b': ['The a.b field is not known.'] });
  });

  it('says what a constant must be', () => {
    expect(errorsOf(Type.Object({ v: Type.Literal(1) }), { v: 2 })).to.deep.equal({ v: ['The v field must be 1.'] });
  });
});

describe('a message between services', () => {
  const parse = compileStrict('desired state', DesiredSchema);

  it('is its value if it fits', () => {
    expect(parse({ v: 1, run: 1, want: 'stopped' })).to.deep.equal({ v: 1, run: 1, want: 'stopped' });
  });

  it('is an error that names it and its bad fields otherwise', () => {
    expect(() => parse({ v: 2, run: 0 }))
      .to.throw(CapstanError, /desired state.*want.*required/)
      .with.property('code', 'INVALID_MESSAGE');
  });
});
