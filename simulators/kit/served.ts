import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Longer than a client's own, so that the client is the one who ends an idle connection. */
export const keepAliveTimeoutMs = 65_000;

export interface ServeOptions {
  readonly server: Server;
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Once: after the last connection, or when the port cannot be had. */
  readonly end: () => void | Promise<void>;
}

/** A server that listens. */
export interface Served {
  /** Where programs and browsers of this machine reach it. */
  readonly url: string;
  readonly port: number;
  /** Ends in well under a second: calls that were never to be answered are cut off. */
  readonly close: () => Promise<void>;
}

/** Resolves when the port is open; rejects, everything ended, when it cannot be had. */
export async function serve({ end, host, port, server }: ServeOptions): Promise<Served> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }).then(end);
    return closing;
  };
  const { port: opened } = server.address() as AddressInfo;
  return { url: `http://${hostToCall(host)}:${opened}`, port: opened, close };
}

/** All addresses of a machine can be listened on and not called: browsers refuse 0.0.0.0. */
function hostToCall(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
