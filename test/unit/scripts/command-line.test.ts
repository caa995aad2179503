import { expect } from 'chai';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { commandLineProblem } from '../../../scripts/parts/command-line.ts';

const OPTIONS = { json: { type: 'boolean' }, job: { type: 'string' } } as const;

function problemOf(args: readonly string[], more: ParseArgsConfig = {}): string | undefined {
  const config = { args: [...args], options: OPTIONS, ...more };
  try {
    parseArgs(config);
    return undefined;
  } catch (error) {
    return commandLineProblem(error, config);
  }
}

describe('the words of a command', () => {
  it('that are right have no problem', () => expect(problemOf(['--json', '--job', 'x'])).to.equal(undefined));

  it('with an unknown option name it, and the nearest that there is', () => {
    expect(problemOf(['--jsno'])).to.equal('There is no option --jsno. Did you mean --json?');
    expect(problemOf(['--json', '--colour=red'])).to.equal('There is no option --colour.');
  });

  it('with a word too many name it', () => {
    expect(problemOf(['now', '--json'])).to.match(/^"now" means nothing here/);
  });

  it('that lack the value of an option say which', () => {
    expect(problemOf(['--job'])).to.include('--job');
  });

  it('leave other errors to whoever knows them', () => {
    expect(commandLineProblem(new Error('disk full'), {})).to.equal(undefined);
  });
});
