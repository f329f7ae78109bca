import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type SmsProviderSimulatorOptions, startSmsProviderSimulator } from './index.ts';

const usage = `All SMS providers, simulated.

  node simulators/sms-provider/main.ts [options]

  --port <number>     default 50318; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/sms-provider
  --seed <number>     default 1
  --settings <path>   a JSON file: by provider, what differs from the standard settings
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50318' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/sms-provider' },
    seed: { type: 'string', default: '1' },
    settings: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const [port, seed] = [Number(values.port), Number(values.seed)];
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return refuse('--port is 0 to 65535');
  if (!Number.isInteger(seed)) return refuse('--seed is a whole number');
  const { folder, host } = values;
  const simulator = await startSmsProviderSimulator({
    ...{ port, host, folder, seed, settings: readSettings(values.settings) },
    log: (event, details) => process.stderr.write(`${JSON.stringify({ event, ...details })}\n`),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void simulator.close().then(() => process.exit(0)));
  }
  process.stdout.write(`${JSON.stringify({ ready: true, port: simulator.port })}\n`);
}

function readSettings(path: string): NonNullable<SmsProviderSimulatorOptions['settings']> {
  return path === '' ? {} : JSON.parse(readFileSync(path, 'utf8'));
}

function refuse(reason: string): void {
  process.stderr.write(`${reason}\n`);
  process.exitCode = 2;
}
