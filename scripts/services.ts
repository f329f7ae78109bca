// `npm run services -- start|stop|status|…`: the brokers on this machine, without Docker.
import { type Order, parseOrder } from './services/arguments.ts';
import {
  killService,
  pauseService,
  restartService,
  resumeService,
  stopService,
} from './services/end-service.ts';
import { shakeHands } from './services/handshake.ts';
import { runKafkaTool } from './services/kafka-tool.ts';
import { readServices } from './services/record.ts';
import {
  SERVICE_TITLES,
  ServiceFault,
  type ServiceName,
  servicesFolder,
} from './services/service.ts';
import { type Started, startService } from './services/start-service.ts';

const HELP = `npm run services -- <verb> [rabbitmq] [kafka] [options]

  start      starts them, and waits until each answers; what is up stays as it is
  stop       ends them; their data stay
  restart    both, at the same URL
  status     what runs where; exits 1 unless all of them answer
  kill       ends the broker with -9, to see what outlives it
  pause      makes the broker stand still, until resume
  kafka-tool <class> …
             one of Kafka's own tools: ConsoleConsumer, ConsoleProducer, TopicCommand,
             ConsumerGroupCommand, GetOffsetShell, or the whole name of another

  --folder <dir>   where services.json and the data lie (.kopek/services)
  --install        start, as root on Debian or alike: installs what is missing
  --wipe           stop: deletes all that they keep

RabbitMQ comes from the system's package, Kafka from Maven Central by mvn, with Java 17 or
newer. They listen on free ports of 127.0.0.1. npm test finds them by services.json.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await obey(parseOrder(args));
  } catch (error) {
    tell(error);
    return error instanceof ServiceFault ? 1 : 70;
  }
}

async function obey(order: Order): Promise<number> {
  if (order.verb === 'help') {
    console.log(HELP);
    return 0;
  }
  if (order.verb === 'kafka-tool') return runKafkaTool(order);
  const { verb, names, ...options } = order;
  const work = (name: ServiceName): Promise<boolean> => {
    const say = (line: string) => console.log(`  · ${name.padEnd(10)} ${line}`);
    switch (verb) {
      case 'start':
        return timed(name, () => startService(name, { ...options, say }));
      case 'restart':
        return timed(name, () => restartService(name, { ...options, say }));
      case 'stop':
        return report(name, async () =>
          (await stopService(name, options)) ? 'stopped' : 'was not running',
        );
      case 'status':
        return status(name, options.folder);
      case 'kill':
        return report(name, () => killService(name, options).then(() => 'killed'));
      case 'pause':
        return report(name, () => pauseService(name, options).then(() => 'stands still'));
      case 'resume':
        return report(name, () => resumeService(name, options).then(() => 'goes on'));
    }
  };
  // Side by side: most of the time they wait for something.
  const went = await Promise.all(names.map(work));
  return went.includes(false) ? 1 : 0;
}

async function timed(name: ServiceName, start: () => Promise<Started>): Promise<boolean> {
  const startMs = performance.now();
  try {
    const { outcome, record } = await start();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const when = outcome === 'started' ? `answers after ${seconds} s` : 'was up already';
    good(name, `${when}, ${record.software}`);
    console.log(`  ${SERVICE_TITLES[name]}: ${record.url}`);
    return true;
  } catch (error) {
    tell(error, name);
    return false;
  }
}

async function report(name: ServiceName, work: () => Promise<string>): Promise<boolean> {
  try {
    good(name, await work());
    return true;
  } catch (error) {
    tell(error, name);
    return false;
  }
}

async function status(name: ServiceName, folder: string | undefined): Promise<boolean> {
  const record = (await readServices(folder))[name];
  const hands = record ? await shakeHands(record.url) : undefined;
  if (record && hands?.outcome === 'answers') {
    const pids = record.processes.map(({ label, pid }) => `${label} ${pid}`).join(', ');
    good(name, `${hands.software}, since ${record.startedAt} (${pids})`);
    console.log(`  ${SERVICE_TITLES[name]}: ${record.url}`);
    return true;
  }
  const silent = hands?.outcome === 'silent';
  const what = silent
    ? `does not answer: ${hands.reason}`
    : `is not started in ${servicesFolder(folder)}`;
  console.log(`  ✗ ${name.padEnd(10)} ${what}`);
  return false;
}

function good(name: ServiceName, text: string): void {
  console.log(`  ✓ ${name.padEnd(10)} ${text}`);
}

function tell(error: unknown, name?: ServiceName): void {
  const [line, ...advice] = explain(error);
  console.error(`  ✗ ${name === undefined ? '' : `${name.padEnd(10)} `}${line}`);
  for (const text of advice) console.error(`      ${text}`);
}

function explain(error: unknown): readonly string[] {
  if (error instanceof ServiceFault) return [...error.message.split('\n'), ...error.advice];
  if (!(error instanceof Error)) return [String(error)];
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') {
    return [error.message, 'It belongs to another user. Use --folder for one of your own.'];
  }
  return (error.stack ?? error.message).split('\n');
}
