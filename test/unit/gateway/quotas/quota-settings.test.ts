import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { quotasOf } from '../../../../services/gateway/src/quotas/quota-settings.ts';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';

describe('the room for kept results', () => {
  const { gateway, results } = loadConfig({}, '/');

  it('is half of the disk that they will lie on, also where no folder of theirs is there yet', async () => {
    await using folder = await temporaryFolder('quotas');
    const here = quotasOf(gateway.quotas, results, folder.path).keptBytes;
    expect(here).to.be.greaterThan(0);
    expect(quotasOf(gateway.quotas, results, join(folder.path, 'not', 'yet', 'there')).keptBytes).to.equal(here);
  });

  it('is what the operator says, and none is known of a store elsewhere', () => {
    expect(quotasOf({ ...gateway.quotas, keptResultsGB: 3 }, results, '/nowhere').keptBytes).to.equal(3e9);
  });
});
