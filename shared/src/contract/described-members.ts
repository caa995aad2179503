/**
 * What the members of requests and answers are, for the descriptions of the API, PURE. One place, for both descriptions: the same member
 * means the same everywhere, and a test fails for one that says nothing of itself.
 */

import { FRAMES, JOB, ORDER, PROOF, QUOTE, type Texts } from './member-texts.ts';
import { ENVIRONMENT, FILES, NODE } from './node-texts.ts';

const TEXTS: Texts = { ...PROOF, ...ORDER, ...QUOTE, ...ENVIRONMENT, ...NODE, ...FRAMES, ...FILES, ...JOB };

/** `of`: the name of the schema that the member stands in, if it has one. */
export const aboutMember = (member: string, of = ''): string | undefined => TEXTS[`${of}.${member}`] ?? TEXTS[member];

/** The same schemas, in which each member says what it is; what says so already stays. */
export function withTexts(value: unknown, of?: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withTexts(each, of));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, each]) => [
    key,
    key === 'properties' ? describedProperties(each as Readonly<Record<string, object>>, of) : withTexts(each, of),
  ]);
  return Object.fromEntries(members);
}

function describedProperties(properties: Readonly<Record<string, object>>, of: string | undefined): object {
  const described = Object.entries(properties).map(([name, schema]) => {
    const about = saysItself(schema) ? undefined : aboutMember(name, of);
    const whole = withTexts(schema, of) as object;
    return [name, about === undefined ? whole : { ...whole, description: about }] as const;
  });
  return Object.fromEntries(described);
}

/** A constant needs no words; what a reference leads to has its own. */
const saysItself = (schema: object) => 'description' in schema || 'const' in schema || '$ref' in schema;
