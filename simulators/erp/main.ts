import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { startErpSimulator } from './index.ts';
import { type ErpTransport, topicNames } from './transport.ts';

const usage = `The ERP simulator, as a system of its own on RabbitMQ or Kafka.

  node simulators/erp/main.ts --bus <url> [options]

  --bus <url>         amqp://user:password@host or kafka://host:9092,host:9092
  --prefix <name>     what the topics' names begin with; default billing-payout
  --port <number>     of its book and page; default 50316; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/erp
  --seed <number>     default 1
  --step <ms>         how long one step of a payout takes; default 200 to 800
  --help
`;

const { values } = parseArgs({
  options: {
    bus: { type: 'string', default: '' },
    prefix: { type: 'string', default: 'billing-payout' },
    port: { type: 'string', default: '50316' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/erp' },
    seed: { type: 'string', default: '1' },
    step: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const [port, seed] = [Number(values.port), Number(values.seed)];
  const step = values.step === undefined ? undefined : Number(values.step);
  if (!isPort(port)) return refuseOptions('--port is 0 to 65535');
  if (!Number.isInteger(seed)) return refuseOptions('--seed is a whole number');
  if (step !== undefined && !(Number.isInteger(step) && step >= 0))
    return refuseOptions('--step is a whole number');
  const transport = await openTransport(values.bus, values.prefix);
  if (!transport) return refuseOptions('--bus is an amqp:// or a kafka:// URL');
  const simulator = await startErpSimulator({
    ...{ port, host: values.host, folder: values.folder, seed, transport },
    ...(step === undefined ? {} : { settings: { stepMs: { min: step, max: step } } }),
    log: logLine,
  });
  runUntilStopped(simulator, { port: simulator.port });
}

/** Each client is loaded only where it is used: that takes half a second. */
async function openTransport(url: string, prefix: string): Promise<ErpTransport | undefined> {
  const topics = topicNames(prefix);
  if (/^amqps?:\/\//.test(url)) {
    const { openAmqpTransport } = await import('./amqp-transport.ts');
    return openAmqpTransport(url, topics);
  }
  const [, brokers] = /^kafka:\/\/([^/@?]+)\/?$/.exec(url) ?? [];
  if (brokers === undefined) return undefined;
  const { openKafkaTransport } = await import('./kafka-transport.ts');
  return openKafkaTransport(brokers.split(','), topics);
}
