import { createServer } from 'node:net';

/**
 * A TCP port of this machine that nobody listens on. Another program may take it before its user does, so
 * whoever can should listen on port 0 instead; this is for processes that must be told their port.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
