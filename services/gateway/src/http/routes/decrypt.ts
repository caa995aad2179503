/** `POST /api/services/decrypt`: a recorded description, opened for an indexer. */
import { DecryptRequestSchema } from '@capstan/shared/contract/asset-requests';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Decrypt } from '../../files/decrypt.ts';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(DecryptRequestSchema);

export function decryptRoute(decrypt: Decrypt, bodyLimitBytes: () => number): Route {
  return route(ENDPOINTS.decrypt, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    const request = checked(validate, parameters(ctx.query, value));
    const text = await decrypt(request);
    ctx.status = 201;
    ctx.type = 'text/plain';
    // Its sha256 is what is recorded: the very bytes.
    ctx.body = Buffer.from(text, 'utf8');
  });
}
