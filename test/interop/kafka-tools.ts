import type { Broker } from '#chaos';
import { kafkaToolCommand } from '#services';
import type { Lifetime } from '#testing';
import type { Seen } from './document.ts';
import { answerOf, runProgram } from './program.ts';

/** Kafka's own tools, on the broker of a test: a stranger to our client. */
export interface KafkaTools {
  /** What one of them prints. */
  tell(tool: string, args: readonly string[], input?: string): Promise<string>;
  /** All that the console consumer finds on these topics; it ends when nothing has come for a while. */
  read(topics: readonly string[]): Promise<readonly Taken[]>;
  /** Writes records with the console producer. */
  write(topic: string, records: readonly Given[]): Promise<void>;
}

export interface Taken extends Seen {
  readonly key: string;
  readonly value: string;
}

export interface Given {
  readonly value: string;
  /** Without them nothing stands before the value. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const SILENCE_MS = 6000;
/** Stands in no header, key or payload of ours. */
const APART = '||';

export function openKafkaTools(life: Lifetime, { folder }: Broker): KafkaTools {
  async function tell(tool: string, args: readonly string[], input?: string): Promise<string> {
    const program = await kafkaToolCommand({ tool, args, folder });
    return answerOf(runProgram(life, { ...program, ...(input === undefined ? {} : { input }) }));
  }
  return {
    tell,
    async read(topics) {
      const properties = ['print.headers=true', 'print.key=true', `headers.separator=${APART}`];
      const text = await tell('ConsoleConsumer', [
        ...['--include', topics.map((topic) => topic.replaceAll('.', '\\.')).join('|')],
        ...['--from-beginning', '--timeout-ms', String(SILENCE_MS)],
        ...properties.flatMap((property) => ['--property', property]),
      ]);
      return text.split('\n').flatMap((line) => {
        const [headers = '', key = '', value] = line.split('\t');
        return value === undefined ? [] : [takenOf(headers, key, value)];
      });
    },
    async write(topic, records) {
      for (const [plain, some] of Map.groupBy(records, ({ headers }) => headers === undefined)) {
        const properties = plain ? [] : ['parse.headers=true', 'parse.key=true'];
        const args = properties.flatMap((property) => ['--property', property]);
        const lines = some.map(({ headers, key, value }) =>
          plain ? value : [linesOf(headers ?? {}), key ?? '', value].join('\t'),
        );
        await tell('ConsoleProducer', ['--topic', topic, ...args], `${lines.join('\n')}\n`);
      }
    },
  };
}

function takenOf(text: string, key: string, value: string): Taken {
  const headers = Object.fromEntries(
    text.split(APART).map((header) => {
      const at = header.indexOf(':');
      return [header.slice(0, at), header.slice(at + 1)];
    }),
  );
  return { headers, key, value, topic: headers.ce_type ?? '', payload: JSON.parse(value) };
}

function linesOf(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}:${value}`)
    .join(',');
}
