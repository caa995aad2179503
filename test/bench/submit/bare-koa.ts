/** A bare Koa route that parses a JSON body and answers with a constant. `node bare-koa.ts <port> <bytes>`. */
import { Router } from '@koa/router';
import Koa from 'koa';
import { text } from 'node:stream/consumers';

const [port = '', bytes = ''] = process.argv.slice(2);
const frame = '[{"status":1,"filling":""}]';
const answer = frame.replace('""', `"${'x'.repeat(Math.max(0, Number(bytes) - frame.length))}"`);
const router = new Router();
router.post('/api/services/compute', async (ctx) => {
  const body: unknown = JSON.parse(await text(ctx.req));
  ctx.type = 'json';
  ctx.body = body === null ? '' : answer;
});
const app = new Koa();
app.use(router.routes());
app.listen(Number(port), '127.0.0.1', () => console.log('listening'));
