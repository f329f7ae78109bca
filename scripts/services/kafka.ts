import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type RunAs, runAs } from '#run-as';
import { giveFolder } from './give-folder.ts';
import { kafkaLibraries } from './kafka-libraries.ts';
import { lastingPorts } from './ports.ts';
import { runProgram } from './run-program.ts';
import { type Prepared, type Service, ServiceFault, type Setting } from './service.ts';

const FORMAT_LIMIT_MS = 60_000;
const LOG_WARNINGS = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
const LOG_TIMES = '-Dorg.slf4j.simpleLogger.showDateTime=true';
/** Both sides of a message of 2 MiB and what stands around it. */
const MESSAGE_BYTES_MAX = 2.25 * 1024 * 1024;

/** One node that is broker and controller (KRaft), for this machine alone: no password, no encryption. */
export const kafka: Service = { prepare };

async function prepare(setting: Setting): Promise<Prepared> {
  const libraries = await kafkaLibraries(setting);
  const { home } = setting;
  await mkdir(home, { recursive: true });
  const as = await runAs([home], 'nobody');
  const ports = await lastingPorts(join(home, 'ports.json'), ['broker', 'controller']);
  await writeFile(join(home, 'server.properties'), properties(ports));
  if (as) await giveFolder(home, as);
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8', HOME: home };
  // Relative, because a colon in the path to this folder would part it in two.
  const jars = join(relative(home, libraries.folder), '*');
  const java = ['-cp', jars, LOG_WARNINGS, LOG_TIMES];
  const program = { env, folder: home, as };
  if (!existsSync(join(home, 'data', 'meta.properties'))) {
    await format({ command: libraries.java, args: java, ...program });
  }
  const logFile = join(setting.folder, 'server.log');
  return {
    url: `kafka://127.0.0.1:${ports.broker}`,
    programs: [
      {
        ...{ ...program, label: 'kafka', command: libraries.java, logFile },
        args: ['-Xms128m', '-Xmx512m', ...java, 'kafka.Kafka', 'server.properties'],
      },
    ],
    logFiles: [logFile],
  };
}

interface Formatting {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly as: RunAs | undefined;
}

/** Gives the empty data a name of its own, without which the broker does not start. */
async function format({ command, args, ...where }: Formatting): Promise<void> {
  const cluster = clusterId();
  const tool = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', 'server.properties'];
  const options = { ...where, env: { ...where.env }, limitMs: FORMAT_LIMIT_MS };
  const { code, output } = await runProgram(command, [...args, ...tool], options);
  if (code !== 0) throw new ServiceFault(`Kafka could not format its data:\n${output}`);
}

/** 16 bytes in base64url, never with a `-` in front: the tool would take it for an option. */
function clusterId(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('base64url');
}

/**
 * Paths are relative to the folder it runs in, since `log.dirs` is a list that commas part. The voters are static:
 * with `--standalone` the data would remember the controller's port, and it may be another one next time.
 */
function properties(ports: { readonly broker: number; readonly controller: number }): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${ports.broker},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${ports.broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': 'data',
    'auto.create.topics.enable': 'false',
    'message.max.bytes': String(MESSAGE_BYTES_MAX),
    'group.initial.rebalance.delay.ms': '0',
    // One node: nothing can be kept twice, and fifty partitions for its offsets would only take time to open.
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '4',
    // After a kill the broker comes back when its former session is over: by default nine seconds.
    'broker.session.timeout.ms': '5000',
    'broker.heartbeat.interval.ms': '500',
    // By default 128 MB of a heap that is 512 here.
    'log.cleaner.dedupe.buffer.size': String(8 * 1024 * 1024),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return `${lines.join('\n')}\n`;
}
