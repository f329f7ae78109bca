import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A listener on 127.0.0.1 that does `act` with each connection, until the test is over. */
export async function listen(t: TestContext, act: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    act(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** As far as the handshake goes: answers the question for metadata with that many brokers. */
export function actAsKafka(brokers: number): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => {
      const answer = Buffer.alloc(12);
      answer.writeInt32BE(8);
      answer.writeInt32BE(1, 4);
      answer.writeInt32BE(brokers, 8);
      socket.write(answer);
    });
  };
}
