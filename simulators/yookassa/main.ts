import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { startYooKassaSimulator } from './index.ts';

const usage = `The YooKassa simulator.

  node simulators/yookassa/main.ts [options]

  --port <number>     default 50327; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/yookassa
  --webhook-url <url> where notifications are posted; default nowhere
  --seed <number>     default 1
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50327' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/yookassa' },
    'webhook-url': { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const [port, seed] = [Number(values.port), Number(values.seed)];
  if (!isPort(port)) return refuseOptions('--port is 0 to 65535');
  if (!Number.isInteger(seed)) return refuseOptions('--seed is a whole number');
  const simulator = await startYooKassaSimulator({
    ...{ port, seed, host: values.host, folder: values.folder, log: logLine },
    webhookUrl: values['webhook-url'],
  });
  runUntilStopped(simulator, { port: simulator.port });
}
