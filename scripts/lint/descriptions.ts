/** The linter for /openapi.json and /asyncapi.json: a library's rules, and which of them don't fit. */
import { createConfig, lintFromString } from '@redocly/openapi-core';

const RULES = {
  // Of a program that runs at many people's places, nobody in particular is to be asked.
  'info-contact': 'off',
  // In OpenAPI, routes say so themselves. AsyncAPI can't say that a signature may be left out.
  'security-defined': 'error',
  'parameter-description': 'error',
} as const;

/** A document by its name, such as `openapi.json`; one line for each problem. */
export async function problemsOf(name: string, document: object): Promise<readonly string[]> {
  const isAsync = 'asyncapi' in document;
  const rules = isAsync ? { ...RULES, 'security-defined': 'off' as const } : RULES;
  const config = await createConfig({ extends: ['recommended-strict'], rules, telemetry: 'off' });
  const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: name, config });
  return problems.map(
    ({ ruleId, message, location: [place] }) => `${name}${place?.pointer ?? ''}: ${message} (${ruleId})`,
  );
}
