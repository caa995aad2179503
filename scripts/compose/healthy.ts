/** Health check of the gateway's container: whether it answers, and can store what it is given. */
const [url] = process.argv.slice(2);
if (url === undefined || !URL.canParse(url)) {
  console.error('usage: node scripts/compose/healthy.ts <address of /health>');
  process.exit(2);
}
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  const { status, parts } = (await answer.json()) as { status?: unknown; parts?: unknown };
  console.log(JSON.stringify({ status, parts }));
  // `degraded` is well enough: jobs are accepted and wait for what is missing.
  process.exitCode = status === 'ok' || status === 'degraded' ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
