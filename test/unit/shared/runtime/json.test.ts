import { parseJson, readJson } from '@capstan/shared/runtime/json';
import { expect } from 'chai';
import fc from 'fast-check';

/** What a walk over a parsed value finds: values inside others, an empty one counted as if it held one; and the deepest level. */
function sizeOf(value: unknown): { readonly members: number; readonly depth: number } {
  if (typeof value !== 'object' || value === null) return { members: 0, depth: 0 };
  const inside = Object.values(value).map(sizeOf);
  return {
    members: Math.max(1, inside.length) + inside.reduce((sum, { members }) => sum + members, 0),
    depth: 1 + Math.max(0, ...inside.map(({ depth }) => depth)),
  };
}

describe('JSON within bounds', () => {
  it('is read whole up to a depth and a number of values, and refused above either', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (text, isPretty) => {
        const value: unknown = JSON.parse(text);
        const given = isPretty ? JSON.stringify(value, null, 2) : text;
        const { members, depth } = sizeOf(value);
        const exact = { maxMembers: members, maxDepth: depth };
        expect(readJson(given, exact)).to.deep.equal({ kind: 'value', value });
        if (depth === 0) return;
        expect(readJson(given, { ...exact, maxMembers: members - 1 }).kind).to.equal('refused');
        expect(readJson(given, { ...exact, maxDepth: depth - 1 }).kind).to.equal('refused');
      }),
    );
  });

  it('takes 20,000 values and 200 levels from strangers', () => {
    const wide = (count: number) => `[${Array(count).fill(1).join()}]`;
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parseJson(wide(20_000))).to.have.length(20_000);
    expect(readJson(wide(20_001))).to.deep.equal({ kind: 'refused', problem: 'holds more than 20,000 values' });
    expect(readJson(deep(200)).kind).to.equal('value');
    expect(readJson(deep(201))).to.deep.equal({ kind: 'refused', problem: 'is nested deeper than 200 levels' });
  });

  it('passes over brackets and commas in strings', () => {
    const text = '{"a":"[[[,,,\\"{{{,,,\\\\","b":1}';
    expect(readJson(text, { maxDepth: 1, maxMembers: 2 }).kind).to.equal('value');
  });

  it('is refused, and nothing is thrown, where it breaks off', () => {
    for (const text of ['', '[', '"', '"\\', '{"a":', '[1,', 'nul', '\u0000']) {
      expect(readJson(text), JSON.stringify(text)).to.deep.equal({ kind: 'refused', problem: 'is no JSON' });
    }
  });
});
