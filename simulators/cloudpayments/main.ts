import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { type CloudPaymentsSimulatorOptions, startCloudPaymentsSimulator } from './index.ts';

const usage = `The payment gateway CloudPayments, simulated.

  node simulators/cloudpayments/main.ts [options]

  --port <number>     default 50320; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/cloudpayments
  --seed <number>     default 1
  --settings <path>   a JSON file: { settings: { … }, sites: { <Public ID>: { … } } }
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50320' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/cloudpayments' },
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
  const { folder, host } = values;
  const simulator = await startCloudPaymentsSimulator({
    ...{ port, host, folder, seed, log: logLine },
    ...readSettings(values.settings),
  });
  runUntilStopped(simulator, { port: simulator.port });
}

function readSettings(path: string): Pick<CloudPaymentsSimulatorOptions, 'settings' | 'sites'> {
  return path === '' ? {} : JSON.parse(readFileSync(path, 'utf8'));
}
