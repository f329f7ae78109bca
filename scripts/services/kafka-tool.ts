import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { presentLibraries } from './kafka-libraries.ts';
import { readServices } from './record.ts';
import { ServiceFault, servicesFolder } from './service.ts';
import { workFolder } from './work-folder.ts';

export interface KafkaTool {
  /** The class, whole (`org.apache.kafka.tools.GetOffsetShell`) or by its last name where it is known. */
  readonly tool: string;
  readonly args: readonly string[];
  readonly folder?: string | undefined;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

const TOOLS: Readonly<Record<string, string>> = {
  ConsoleConsumer: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  ConsoleProducer: 'org.apache.kafka.tools.ConsoleProducer',
  TopicCommand: 'org.apache.kafka.tools.TopicCommand',
  ConsumerGroupCommand: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  GetOffsetShell: 'org.apache.kafka.tools.GetOffsetShell',
  ConfigCommand: 'kafka.admin.ConfigCommand',
  DumpLogSegments: 'kafka.tools.DumpLogSegments',
};
/** These read files, and take no server. */
const OFFLINE = new Set(['kafka.tools.DumpLogSegments', 'kafka.tools.StorageTool']);
const SERVER = '--bootstrap-server';

/** The command that runs one of Kafka's own tools against the Kafka of the folder: a stranger to our client. */
export async function kafkaToolCommand({ tool, args, folder }: KafkaTool): Promise<Command> {
  const root = servicesFolder(folder);
  const { java, folder: libraries } = await presentLibraries(await workFolder(root, 'kafka'));
  const name = tool.includes('.') ? tool : TOOLS[tool];
  if (!name) {
    const known = Object.keys(TOOLS).join(', ');
    throw new ServiceFault(`No tool is called ${tool}: give its whole class, or one of ${known}.`);
  }
  const url = (await readServices(root)).kafka?.url;
  const server =
    url && !OFFLINE.has(name) && !args.some((arg) => arg.split('=')[0] === SERVER)
      ? [SERVER, url.replace('kafka://', '')]
      : [];
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=error';
  return {
    command: java,
    args: ['-Xmx256m', '-cp', join(libraries, '*'), quiet, name, ...server, ...args],
  };
}

/** Runs it on our own streams, and gives its exit code. */
export async function runKafkaTool(tool: KafkaTool): Promise<number> {
  const { command, args } = await kafkaToolCommand(tool);
  const child = spawn(command, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code) => done(code ?? 1));
  });
}
