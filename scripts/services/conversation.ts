import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

/** A connection on which we write, and read an exact number of bytes. */
export interface Conversation {
  write(bytes: Buffer): void;
  /** The next `length` bytes. Throws when the other side hangs up before. */
  read(length: number): Promise<Buffer>;
}

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure?: boolean;
}

/** Nothing that we ask for is longer: whatever says so is no broker. */
const LENGTH_MAX = 1_000_000;

/** Connects, runs `talk`, and hangs up whatever came of it. */
export async function converse<Result>(
  { host, port, secure = false }: Place,
  signal: AbortSignal,
  talk: (conversation: Conversation) => Promise<Result>,
): Promise<Result> {
  const options = { host, port };
  const socket = secure ? connectSecure({ ...options, servername: host }) : connectPlain(options);
  socket.on('error', () => {}); // who waits for an event hears of it there
  const hangUp = () => socket.destroy(new Error('out of time'));
  signal.addEventListener('abort', hangUp);
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal });
    return await talk({ write: (bytes) => socket.write(bytes), read: reader(socket) });
  } finally {
    signal.removeEventListener('abort', hangUp);
    socket.destroy();
  }
}

function reader(socket: Socket): (length: number) => Promise<Buffer> {
  const chunks = socket[Symbol.asyncIterator]();
  let kept = Buffer.alloc(0);
  return async (length) => {
    if (length < 0 || length > LENGTH_MAX) throw new Error('this is not the protocol of a broker');
    while (kept.length < length) {
      const { done, value } = await chunks.next();
      if (done) throw new Error('the other side hung up');
      kept = Buffer.concat([kept, value as Buffer]);
    }
    const answer = kept.subarray(0, length);
    kept = kept.subarray(length);
    return answer;
  };
}
