/** `npm run lint:descriptions`: whether what the node says of its routes and its socket is as tools of the field want it. */
import { asyncApi } from '@capstan/shared/contract/asyncapi';
import { openApi } from '@capstan/shared/contract/openapi';
import { ERRORS } from '@capstan/shared/contract/errors';
import { problemsOf } from './lint/descriptions.ts';
import { readCommandLine } from './parts/command-line.ts';

const USAGE = `usage: npm run lint:descriptions

Says what tools of the field would find wrong with the OpenAPI and AsyncAPI descriptions, with exit code 1 if anything; nothing if all is well.`;

const { values } = readCommandLine(USAGE, { options: { help: { type: 'boolean', short: 'h', default: false } } });
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const problems = [
  ...(await problemsOf('openapi.json', openApi('0.0.0'))),
  ...(await problemsOf('asyncapi.json', asyncApi('0.0.0', Object.keys(ERRORS)))),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
