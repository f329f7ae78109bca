import { type Conversation, converse, type Place } from './conversation.ts';

const METADATA = 3;
/** The lowest that every broker since 0.10 knows, up to 4.x. */
const METADATA_VERSION = 1;
const PORT = 9092;
const CLIENT = 'kopek';

/** Asks the first host of the URL that answers for the brokers it knows. One that has not joined knows none. */
export async function kafkaHandshake(url: string, signal: AbortSignal): Promise<string> {
  const failures: string[] = [];
  for (const place of placesOf(url)) {
    try {
      return await converse(place, signal, askForBrokers);
    } catch (error) {
      failures.push(`${place.host}:${place.port}: ${(error as Error).message}`);
    }
  }
  throw new Error(failures.join('; '));
}

/** `kafka://one:9092,two:9092/…`: several hosts, which a URL proper can't have. */
export function placesOf(url: string): readonly Place[] {
  const hosts = /^kafka:\/\/(?:[^@/]*@)?([^/?#]+)/.exec(url)?.[1];
  if (!hosts) throw new Error('the URL names no host');
  return hosts.split(',').map((text) => {
    const { hostname, port } = new URL(`tcp://${text}`);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || PORT };
  });
}

async function askForBrokers({ write, read }: Conversation): Promise<string> {
  const noTopics = Buffer.alloc(4);
  write(request(noTopics));
  const answer = await read((await read(4)).readInt32BE());
  const brokers = answer.readInt32BE(4);
  if (brokers < 1) throw new Error('the broker is not ready');
  return 'Kafka';
}

function request(body: Buffer): Buffer {
  const client = Buffer.from(CLIENT);
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + client.length + body.length);
  head.writeInt16BE(METADATA, 4);
  head.writeInt16BE(METADATA_VERSION, 6);
  head.writeInt32BE(1, 8); // the number by which an answer finds its question: there is only one
  head.writeInt16BE(client.length, 12);
  return Buffer.concat([head, client, body]);
}
