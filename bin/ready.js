// For the health check of a container, in place of curl: exits 0 while the process on that port is ready.
// node bin/ready.js [port]
const LIMIT_MS = 4000;
const { DISPATCHER_PORT, KOPEK_PORT } = process.env;
const port = process.argv[2] || DISPATCHER_PORT || KOPEK_PORT || '50300';
const answer = await fetch(`http://127.0.0.1:${port}/readyz`, {
  signal: AbortSignal.timeout(LIMIT_MS),
}).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
