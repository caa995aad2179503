import { SealedFilesSchema } from '@capstan/shared/contract/ddo';
import { StartRequestSchema } from '@capstan/shared/contract/api';
import { DesiredSchema } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compile, compileStrict } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import fc from 'fast-check';
import { Type, type TSchema } from 'typebox';

function errorsOf(schema: TSchema, value: unknown): Readonly<Record<string, readonly string[]>> {
  const checked = compile(schema)(value);
  return checked.ok ? {} : checked.errors;
}

describe('validation', () => {
  it('takes no text of a stranger without a length, image names among them', () => {
    const long = 'x'.repeat(20_000);
    const container = { image: long, tag: long, checksum: long, entrypoint: long };
    const asset = { documentId: long, serviceId: long, transferTxId: long };
    const errors = errorsOf(StartRequestSchema, {
      consumerAddress: `0x${'a'.repeat(40)}`,
      nonce: '1',
      jobId: long,
      environment: long,
      dataset: asset,
      algorithm: { ...asset, meta: { url: long, container } },
      output: { notifyUrl: `https://${long}`, encryptTo: long },
    });
    const texts = ['documentId', 'serviceId', 'transferTxId'];
    expect(Object.keys(errors)).to.include.members([
      'jobId',
      'environment',
      ...texts.map((name) => `dataset.${name}`),
      ...texts.map((name) => `algorithm.${name}`),
      'algorithm.meta.url',
      ...Object.keys(container).map((name) => `algorithm.meta.container.${name}`),
      'output.notifyUrl',
      'output.encryptTo',
    ]);
  });

  it('counts characters, whatever they are made of, as JSON Schema has it', () => {
    const validate = compile(Type.String({ minLength: 2, maxLength: 5 }));
    const letters = fc.string({ unit: fc.constantFrom('a', 'ä', '🎈', '\ud800'), maxLength: 12 });
    fc.assert(
      fc.property(letters, (text) => {
        const count = Array.from(text).length;
        expect(validate(text).ok).to.equal(count >= 2 && count <= 5);
      }),
    );
    expect(errorsOf(Type.String({ maxLength: 2 }), '🎈🎈🎈')).to.deep.equal({
      '(root)': ['The (root) field must NOT have more than 2 characters.'],
    });
    expect(errorsOf(Type.String({ minLength: 2 }), '🎈')).to.deep.equal({
      '(root)': ['The (root) field must NOT have fewer than 2 characters.'],
    });
  });

  it('compiles a schema when it is first needed: no process needs all, and all take half of its start', () => {
    const validate = compile({ type: 'nonsense' });
    expect(() => validate(1)).to.throw('schema is invalid');
  });

  it('names every bad field at once, nested ones with dots, members of lists by number', () => {
    const errors = errorsOf(StartRequestSchema, {
      signature: 'nope',
      consumerAddress: `0x${'a'.repeat(40)}`,
      environment: 5,
      dataset: { documentId: `did:op:${'ab'.repeat(32)}` },
      algorithm: { meta: { container: { image: 5 } } },
      additionalDatasets: [{ documentId: 'ab'.repeat(32), serviceId: 'b', transferTxId: 'c' }, { serviceId: 'b' }],
    });
    expect(Object.keys(errors).toSorted()).to.deep.equal([
      'additionalDatasets[1].documentId',
      'additionalDatasets[1].transferTxId',
      'algorithm.meta.container.image',
      'dataset.transferTxId',
      'environment',
      'nonce',
      'signature',
    ]);
    expect(errors['dataset.transferTxId']).to.deep.equal(['The dataset.transferTxId field is required.']);
  });

  it('hands on a value that fits, with its defaults filled in', () => {
    const schema = Type.Object({ a: Type.Integer({ default: 3 }), b: Type.String() });
    expect(compile(schema)({ b: 'x' })).to.deep.equal({ ok: true, value: { a: 3, b: 'x' } });
  });

  it('names a value that is wrong as a whole', () => {
    for (const value of [null, 'text', 3, []]) {
      expect(errorsOf(Type.Object({}), value)).to.deep.equal({ '(root)': ['The (root) field must be an object.'] });
    }
  });

  it('says in words what kind of value is wanted, and within which limits', () => {
    const schema = Type.Object({
      code: Type.String(),
      cpus: Type.Number(),
      more: Type.Array(Type.String()),
      limit: Type.Integer({ minimum: 1, maximum: 10 }),
    });
    expect(errorsOf(schema, { code: 5, cpus: 'a', more: 'x', limit: 11 })).to.deep.equal({
      code: ['The code field must be a text.'],
      cpus: ['The cpus field must be a number.'],
      more: ['The more field must be a list.'],
      limit: ['The limit field must be 10 at most.'],
    });
    expect(errorsOf(schema, { code: '', cpus: 1, more: [], limit: 0 })).to.deep.equal({
      limit: ['The limit field must be 1 or more.'],
    });
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

  it('says what may stand in its place, where it is asked to', () => {
    const check = compile(Type.Object({ cpus: Type.Number() }, { additionalProperties: false }), { suggests: true });
    const of = (value: unknown) => {
      const checked = check(value);
      return checked.ok ? {} : checked.errors;
    };
    expect(of({ cpus: 1, cpu: 1 })).to.deep.equal({ cpu: ['The cpu field is not known. Did you mean cpus?'] });
    expect(of({ cpus: 1, memory: 1 })).to.deep.equal({ memory: ['The memory field is not known. It can be: cpus.'] });
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
