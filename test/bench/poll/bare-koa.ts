/** A bare Koa route that returns a constant: what polling could cost at the least. `node bare-koa.ts <port> <bytes>`. */
import { Router } from '@koa/router';
import Koa from 'koa';

const [port = '', bytes = ''] = process.argv.slice(2);
const frame = '[{"status":70,"filling":""}]';
const body = frame.replace('""', `"${'x'.repeat(Math.max(0, Number(bytes) - frame.length))}"`);
const router = new Router();
router.get('/api/services/compute', (ctx) => {
  ctx.type = 'json';
  ctx.body = body;
});
const app = new Koa();
app.use(router.routes());
app.listen(Number(port), '127.0.0.1', () => console.log('listening'));
