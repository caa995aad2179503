import type { Bus } from '@capstan/shared/bus/connect';
import { hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createFileTickets } from '../../../../services/gateway/src/files/file-tickets.ts';
import { startServer } from '../../../support/runner/fetching.ts';

const TICKET = `/files/${'a'.repeat(64)}`;

describe('a ticket for a file', () => {
  it('leads to where it says and nowhere else, whoever answered in the place of a runner', async () => {
    const asked: string[] = [];
    await using server = await startServer(({ path = '' }, response) => {
      asked.push(path);
      if (path === TICKET) response.writeHead(302, { location: '/latest/meta-data' }).end();
      else response.end('the secrets of the machine');
    });
    const answer = JSON.stringify({ v: 1, url: `${server.url}${TICKET}` });
    const bus = {
      connection: () => ({ request: () => Promise.resolve({ string: () => answer }) }),
    } as unknown as Bus;
    const log = { warn: () => undefined } as unknown as Log;
    const fetchFile = createFileTickets({ bus, log });
    const asset = { documentId: 'did:op:1', serviceId: '1', sealedFiles: '' };
    const problem = await fetchFile({ asset: asset as never, fileIndex: 0 }, {}).then(
      () => 'none',
      (error: unknown) => (hasCode(error, 'FILES_UNAVAILABLE') ? 'unavailable' : String(error)),
    );
    expect(asked).to.deep.equal([TICKET]);
    expect(problem).to.equal('unavailable');
  });
});
