import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that a test can close and open again, as networks do. */
export interface TcpProxy {
  readonly port: number;
  /** Refuses connections, and cuts those there are. */
  close(): Promise<void>;
  open(): Promise<void>;
  /** Lets nothing through from now on, and says nothing: as if the other side stood still. */
  freeze(): void;
  /** Ends the connections there are, and takes new ones. */
  cut(): void;
}

/** It is closed at first, so that the first connection is refused. */
export async function createTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let frozen = false;

  async function open(): Promise<void> {
    const opened = createServer((near) => {
      const far = connect(target);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
      if (frozen) for (const socket of [near, far]) socket.pause();
    });
    await new Promise<void>((done) => opened.listen(port, '127.0.0.1', done));
    port = (opened.address() as { port: number }).port;
    server = opened;
  }

  async function close(): Promise<void> {
    const closing = new Promise((done) => server?.close(done));
    for (const socket of sockets) socket.destroy();
    if (server) await closing;
    server = undefined;
  }

  await open();
  await close();
  return {
    get port() {
      return port;
    },
    close,
    open,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
  };
}
