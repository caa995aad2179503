/**
 * Under which name a file is saved. ocean.js takes everything behind `attachment;filename=` for the name, and where it finds no such
 * form, the address with its signature: so there is that form alone. Browsers that go to an address know all of RFC 6266.
 */
import { create as contentDisposition } from 'content-disposition';

/** `fetchMode`: what Sec-Fetch-Mode says, which browsers alone send. */
export function dispositionOf(name: string, fetchMode: string): string {
  return fetchMode === 'navigate' ? contentDisposition(name) : `attachment;filename=${asToken(name)}`;
}

/** What no token of a header may hold becomes `_` (RFC 9110 §5.6.2). */
function asToken(name: string): string {
  return name.replace(/[^!#$%&'*+.^_`|~0-9A-Za-z-]/gu, '_') || '_';
}
