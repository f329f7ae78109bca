import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { type SmsProviderSimulatorOptions, startSmsProviderSimulator } from './index.ts';

const usage = `All SMS providers, simulated.

  node simulators/sms-provider/main.ts [options]

  --port <number>     default 50318; 0: any free port
  --smpp-port <number>  of its SMPP centre; default 2775; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/sms-provider
  --seed <number>     default 1
  --settings <path>   a JSON file: by provider, what differs from the standard settings
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50318' },
    'smpp-port': { type: 'string', default: '2775' },
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
  if (!isPort(port)) return refuseOptions('--port is 0 to 65535');
  if (!Number.isInteger(seed)) return refuseOptions('--seed is a whole number');
  const smppPort = Number(values['smpp-port']);
  if (!isPort(smppPort)) return refuseOptions('--smpp-port is 0 to 65535');
  const { folder, host } = values;
  const simulator = await startSmsProviderSimulator({
    ...{ port, smppPort, host, folder, seed, settings: readSettings(values.settings) },
    log: logLine,
  });
  runUntilStopped(simulator, { port: simulator.port, smppPort: simulator.smpp.port });
}

function readSettings(path: string): NonNullable<SmsProviderSimulatorOptions['settings']> {
  return path === '' ? {} : JSON.parse(readFileSync(path, 'utf8'));
}
