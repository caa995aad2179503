/**
 * `maxLength` and `minLength` as JSON Schema has them, in characters, without a look at each: a text of so many UTF-16 units has at least
 * half as many characters, and at most as many. Only between the two, something must be counted. PURE, but for the last count.
 */
import { _, str, type Ajv, type CodeKeywordDefinition, type KeywordCxt } from 'ajv';

const PAIR = /[\ud800-\udbff][\udc00-\udfff]/;
const LAST_OF_ONE_UNIT = 0xffff;

/** The last text that had to be counted: it is asked of once for each rule about it. */
let last = { text: '', count: 0 };

/** A pair of surrogates is one character. */
function characters(text: string): number {
  if (!PAIR.test(text)) return text.length;
  if (text === last.text) return last.count;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    // Of a pair, the second one is no character.
    if ((text.codePointAt(at) ?? 0) > LAST_OF_ONE_UNIT) at += 1;
    count += 1;
  }
  last = { text, count };
  return count;
}

const definition: CodeKeywordDefinition = {
  keyword: ['maxLength', 'minLength'],
  type: 'string',
  schemaType: 'number',
  error: {
    message: ({ keyword, schemaCode }) =>
      str`must NOT have ${keyword === 'maxLength' ? 'more' : 'fewer'} than ${schemaCode} characters`,
    params: ({ schemaCode }) => _`{limit: ${schemaCode}}`,
  },
  code(cxt: KeywordCxt) {
    const { gen, data, keyword, schema } = cxt;
    const limit = Number(schema);
    const units = _`${data}.length`;
    const counted = _`${gen.scopeValue('func', { ref: characters, key: characters })}(${data})`;
    cxt.fail(
      keyword === 'maxLength'
        ? _`${units} > ${limit} && (${units} > ${2 * limit} || ${counted} > ${limit})`
        : _`${units} < ${limit} || (${units} < ${2 * limit - 1} && ${counted} < ${limit})`,
    );
  },
};

/** In place of those that ajv brings, which count every text as a whole, for each rule again. */
export function measureTexts(ajv: Ajv): Ajv {
  for (const keyword of ['maxLength', 'minLength']) ajv.removeKeyword(keyword);
  return ajv.addKeyword(definition);
}
