import { ConfigSchema } from '@capstan/shared/config/schema';
import { compile, pathText } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import type { TSchema } from 'typebox';

interface Ends {
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** What a number may be, at its ends. */
interface Range {
  readonly name: string;
  readonly isWhole: boolean;
  readonly schema: Ends;
  /** A configuration that has nothing but this setting. */
  readonly put: (value: number) => object;
}

/** Every number of the configuration, in lists and in sections that may be absent as well. */
function numbersIn(schema: TSchema, path: readonly string[] = []): readonly Range[] {
  const known = schema as unknown as Ends & {
    readonly type?: string;
    readonly properties?: Readonly<Record<string, TSchema>>;
    readonly items?: TSchema;
    readonly anyOf?: readonly TSchema[];
  };
  if (known.type === 'number' || known.type === 'integer') {
    return [
      {
        name: pathText(path),
        isWhole: known.type === 'integer',
        schema: known,
        put: (value) => at(path, value) as object,
      },
    ];
  }
  return [
    ...Object.entries(known.properties ?? {}).flatMap(([name, inside]) => numbersIn(inside, [...path, name])),
    ...(known.items ? numbersIn(known.items, [...path, '0']) : []),
    ...(known.anyOf ?? []).flatMap((inside) => numbersIn(inside, path)),
  ];
}

/** What a list's members cannot do without. */
const NEEDED: Readonly<Record<string, object>> = {
  chains: { id: 1, rpc: ['http://127.0.0.1'] },
  filter: { image: 'filter', entrypoint: 'filter' },
};

function at([name, ...below]: readonly string[], value: number, parent = ''): unknown {
  if (name === undefined) return value;
  if (name === '0') return [below.length === 0 ? value : { ...NEEDED[parent], ...(at(below, value) as object) }];
  const inside = at(below, value, name);
  return { [name]: Array.isArray(inside) || below.length === 0 ? inside : { ...NEEDED[name], ...(inside as object) } };
}

describe('a number of the configuration', () => {
  const validate = compile(ConfigSchema);
  const all = numbersIn(ConfigSchema);
  const refused = (range: Range, value: number) => {
    const checked = validate(range.put(value));
    return !checked.ok && Object.keys(checked.errors).includes(range.name);
  };
  /** The nearest number beyond an end. */
  const beyond = ({ isWhole }: Range, end: number, direction: 1 | -1) =>
    end + direction * (isWhole ? Math.max(1, Math.abs(end) * Number.EPSILON * 2) : Math.max(1, Math.abs(end)) * 1e-9);

  it('is found, with all others', () => {
    expect(all.map(({ name }) => name)).to.include.members([
      'gateway.port',
      'chains[0].confirmations',
      'runner.environments[0].storageExpiryS',
      'runner.environments[0].filter.maxDurationS',
    ]);
  });

  for (const range of all) {
    const { name, schema } = range;
    it(`has a range: ${name}`, () => {
      const least = schema.minimum ?? schema.exclusiveMinimum;
      const most = schema.maximum;
      if (least === undefined || most === undefined) return expect.fail(`${name} has no range`);
      expect(most).to.be.at.most(Number.MAX_SAFE_INTEGER);
      const lowest = schema.minimum === undefined ? beyond(range, least, 1) : least;
      expect(refused(range, lowest), `${lowest}`).to.equal(false);
      expect(refused(range, most), `${most}`).to.equal(false);
      expect(refused(range, beyond(range, least, -1))).to.equal(true);
      expect(refused(range, beyond(range, most, 1))).to.equal(true);
      for (const no of [Number.NaN, Infinity, -Infinity]) expect(refused(range, no), String(no)).to.equal(true);
      // A time that ends from now on is a date, and sizes are exact in the smallest unit that the node counts in.
      if (/(S|Days)$/.test(name)) {
        const ms = most * (name.endsWith('Days') ? 86_400_000 : 1_000);
        expect(new Date(Date.now() + ms).toISOString()).to.be.a('string');
      }
      if (name.endsWith('GB')) expect(Number.isSafeInteger(most * 1e9)).to.equal(true);
    });
  }
});
