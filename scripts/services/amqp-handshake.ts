import { type Conversation, converse } from './conversation.ts';

/** AMQP 0-9-1, §1.4: classes and methods of opening a connection. */
const CONNECTION = 10;
const START = 10;
const START_OK = 11;
const TUNE = 30;
const TUNE_OK = 31;
const OPEN = 40;
const OPEN_OK = 41;
const CLOSE = 50;

const METHOD_FRAME = 1;
const FRAME_END = 0xce;
const HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');
const PORTS = { 'amqp:': 5672, 'amqps:': 5671 } as const;

/** Opens a connection with the user and the virtual host of the URL, and says what the broker is. */
export async function amqpHandshake(url: string, signal: AbortSignal): Promise<string> {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const fallback = PORTS[protocol as keyof typeof PORTS];
  const host = hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: Number(port) || fallback, secure: protocol === 'amqps:' };
  const [user, secret] = [
    decodeURIComponent(username) || 'guest',
    decodeURIComponent(password) || 'guest',
  ];
  const virtualHost = decodeURIComponent(pathname.slice(1)) || '/';
  return converse(place, signal, async (conversation) => {
    conversation.write(HEADER);
    const software = readSoftware(await hear(conversation, START));
    const login = [long(0), short('PLAIN'), longText(`\0${user}\0${secret}`), short('en_US')];
    say(conversation, START_OK, login);
    const limits = await hear(conversation, TUNE).catch((error: Error) => {
      // A broker that refuses a password may hang up without a word.
      throw new Error(`${user} was not let in: ${error.message}`);
    });
    say(conversation, TUNE_OK, [limits]);
    say(conversation, OPEN, [short(virtualHost), short(''), Buffer.from([0])]);
    await hear(conversation, OPEN_OK);
    say(conversation, CLOSE, [Buffer.from([0, 200]), short('bye'), long(0)]);
    return software;
  });
}

function say({ write }: Conversation, method: number, parts: readonly Buffer[]): void {
  const payload = Buffer.concat([Buffer.from([0, CONNECTION, 0, method]), ...parts]);
  const head = Buffer.from([METHOD_FRAME, 0, 0]);
  write(Buffer.concat([head, long(payload.length), payload, Buffer.from([FRAME_END])]));
}

/** The arguments of the method that must come now. */
async function hear({ read }: Conversation, method: number): Promise<Buffer> {
  const head = await read(7);
  if (head[0] !== METHOD_FRAME) throw new Error('this is not the protocol of AMQP 0-9-1');
  const payload = (await read(head.readUInt32BE(3) + 1)).subarray(0, -1);
  const [group, found] = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  if (group === CONNECTION && found === method) return payload.subarray(4);
  if (group === CONNECTION && found === CLOSE) {
    const length = payload[6] ?? 0;
    throw new Error(payload.subarray(7, 7 + length).toString());
  }
  throw new Error(`method ${group}.${found} came instead of ${CONNECTION}.${method}`);
}

/** Of the properties of the server: its product and version, both long strings of the table. */
function readSoftware(start: Buffer): string {
  const property = (name: string) => {
    const key = Buffer.concat([short(name), Buffer.from('S')]);
    const at = start.indexOf(key);
    if (at < 0) return '';
    const from = at + key.length + 4;
    return start.subarray(from, from + start.readUInt32BE(from - 4)).toString();
  };
  return [property('product'), property('version')].join(' ').trim() || 'AMQP 0-9-1';
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function short(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function longText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([long(bytes.length), bytes]);
}
