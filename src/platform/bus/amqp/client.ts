import type { Socket, TcpSocketConnectOpts } from 'node:net';
import type { AsyncMessage, Channel, Connection } from 'rabbitmq-client';
import { waitAtMost } from '#bus/patience';
import { AppError, messageOf } from '#errors';
import type { Log } from '#log';

export type { AsyncMessage, Channel };

/** One connection to RabbitMQ, made again whenever it is lost. */
export interface AmqpClient {
  /** Throws `unavailable` with the reason while there is no connection. */
  ready(): Promise<void>;
  /** A channel of the caller's own. Throws `unavailable`. */
  channel(): Promise<Channel>;
  close(): Promise<void>;
}

const CONNECT_PATIENCE_MS = 3000;
const CLOSE_PATIENCE_MS = 1000;
const RETRY_FIRST_MS = 200;
const RETRY_MOST_MS = 3000;
/** What is written in one piece: above it the client waits until the socket has sent what it has. */
const PIECE_BYTES = 1_048_576;
/** A dead peer is noticed within twice that. */
const HEARTBEAT_SECONDS = 15;

/** Connects at once, and goes on trying. */
export function createAmqpClient(url: string, name: string, log: Log): AmqpClient {
  let last = 'not connected yet';
  let connection: Promise<Connection> | undefined;
  let closed = false;

  async function connect(): Promise<Connection> {
    const { Connection: Client } = await import('rabbitmq-client');
    const opened = new Client({
      ...{ url, connectionName: name, heartbeat: HEARTBEAT_SECONDS },
      ...{ retryLow: RETRY_FIRST_MS, retryHigh: RETRY_MOST_MS },
      ...{ acquireTimeout: CONNECT_PATIENCE_MS, connectionTimeout: CONNECT_PATIENCE_MS },
      // `net` takes it, and its types do not say so.
      socket: { writableHighWaterMark: PIECE_BYTES } as unknown as TcpSocketConnectOpts,
    });
    opened.on('error', (error) => {
      last = messageOf(error);
      log.warn({ reason: last }, 'RabbitMQ is away');
    });
    opened.on('connection', () => log.info('RabbitMQ is there'));
    return opened;
  }

  const opened = () => (connection ??= connect());
  void opened();

  function away(cause: unknown): AppError {
    const reason = cause === undefined ? last : messageOf(cause);
    return new AppError('unavailable', 'broker_away', `RabbitMQ can't be reached: ${reason}`, {
      cause,
    });
  }

  return {
    async ready() {
      const client = await opened();
      if (!client.ready) throw away(undefined);
    },
    async channel() {
      const client = await opened();
      if (closed || !client.ready) throw away(undefined);
      try {
        const channel = await client.acquire({ emitErrorsFromChannel: true });
        // Whoever works with the channel hears of it when it closes.
        channel.on('error', (error) =>
          log.warn({ reason: messageOf(error) }, 'RabbitMQ closed a channel'),
        );
        keepBodies(channel);
        return channel;
      } catch (error) {
        throw away(error);
      }
    },
    async close() {
      closed = true;
      const client = await opened();
      // Channels that their owners have not closed are closed with it: nothing that matters is on its way.
      if (!(await waitAtMost(client.close(), CLOSE_PATIENCE_MS))) client.unsafeDestroy();
    },
  };
}

interface HeaderFrame {
  readonly fields: { contentEncoding?: string };
}

/**
 * The client parses a body that is called JSON, and rounds large integers in it: amounts of money, for instance.
 * One that has an encoding it hands over as it came.
 */
function keepBodies(channel: Channel): void {
  const inner = channel as unknown as { _onHeader(frame: HeaderFrame): void };
  const read = inner._onHeader;
  inner._onHeader = (frame) => {
    frame.fields.contentEncoding ||= 'utf-8';
    read.call(channel, frame);
  };
}

/** What `work` writes at once goes out in one piece: by itself the client makes a system call for each message. */
export function inOnePiece<Result>(channel: Channel, work: () => Result): Result {
  const { _conn } = channel as unknown as { _conn: { _socket: Socket } };
  const { _socket: socket } = _conn;
  socket.cork();
  try {
    return work();
  } finally {
    socket.uncork();
  }
}

/** Begins to consume; `hear` is known to the channel before the broker can deliver anything. */
export async function consumeOn(
  channel: Channel,
  options: { readonly queue: string; readonly tag: string },
  hear: (message: AsyncMessage) => void,
): Promise<void> {
  const { queue, tag } = options;
  const inner = channel as unknown as { _state: { consumers: Map<string, typeof hear> } };
  inner._state.consumers.set(tag, hear);
  await channel.basicConsume({ queue, consumerTag: tag, noAck: false }, hear);
}
