import { connect, type Socket } from 'node:net';

/**
 * A load that costs little itself: requests written as they are over kept connections, answers only counted.
 * A full client would take more of the two cores than the server that is measured.
 */
export interface Load {
  /** Sends each text once, as many at a time as there are connections. Throws for any status but a success. */
  send(requests: readonly string[]): Promise<void>;
  /** One request whose answer is wanted. */
  ask(request: string): Promise<string>;
  /** For whoever decides line by line what is sent when. */
  readonly lines: readonly Line[];
  close(): void;
}

const HEAD_END = '\r\n\r\n';

export async function openLoad(port: number, connections: number): Promise<Load> {
  const lines = await Promise.all(Array.from({ length: connections }, () => openLine(port)));
  return {
    lines,
    async send(requests) {
      let next = 0;
      await Promise.all(
        lines.map(async (line) => {
          for (let index = next++; index < requests.length; index = next++) {
            const answer = await line.ask(requests[index] ?? '');
            if (!answer.startsWith('HTTP/1.1 20')) throw new Error(answer.slice(0, 500));
          }
        }),
      );
    },
    async ask(request) {
      return (lines[0] as Line).ask(request);
    },
    close() {
      for (const line of lines) line.socket.destroy();
    },
  };
}

export interface Line {
  readonly socket: Socket;
  ask(request: string): Promise<string>;
}

async function openLine(port: number): Promise<Line> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  let waiting: { resolve: (answer: string) => void; reject: (error: Error) => void } | undefined;
  let text = '';
  let wanted = -1;
  socket.on('data', (chunk) => {
    text += chunk;
    if (wanted < 0) wanted = lengthOf(text);
    if (wanted < 0 || text.length < wanted) return;
    const answer = text;
    text = '';
    wanted = -1;
    waiting?.resolve(answer);
  });
  socket.on('close', () => waiting?.reject(new Error('the server closed a connection')));
  socket.on('error', () => {});
  return {
    socket,
    ask: (request) =>
      new Promise((resolve, reject) => {
        // One that the server closed while nobody waited would never answer.
        if (socket.destroyed) return reject(new Error('the server had closed this connection'));
        waiting = { resolve, reject };
        socket.write(request);
      }),
  };
}

/** Length of the whole answer, head and body; -1 while the head is not complete. */
function lengthOf(text: string): number {
  const end = text.indexOf(HEAD_END);
  if (end < 0) return -1;
  const length = /content-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? '0';
  return end + HEAD_END.length + Number(length);
}

export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n`;
}

/** A form from an address of its own. */
export function postRequest(path: string, body: string, address: string): string {
  const head =
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n` +
    `x-forwarded-for: ${address}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return head + body;
}

/** JSON with an API key. */
export function postJson(path: string, body: unknown, key: string, once?: string): string {
  const text = JSON.stringify(body);
  const head =
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `authorization: Bearer ${key}\r\n${once === undefined ? '' : `idempotency-key: ${once}\r\n`}` +
    `content-length: ${Buffer.byteLength(text)}\r\n\r\n`;
  return head + text;
}
