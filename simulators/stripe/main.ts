import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { startStripeSimulator } from './index.ts';

const usage = `The Stripe simulator.

  node simulators/stripe/main.ts [options]

  --port <number>         default 50326; 0: any free port
  --host <address>        default 127.0.0.1
  --folder <path>         where its journal stands; default .kopek/stripe
  --webhook-url <url>     where events are posted; default nowhere
  --webhook-secret <text> what they are signed with; default whsec_kopek
  --seed <number>         default 1
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50326' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/stripe' },
    'webhook-url': { type: 'string', default: '' },
    'webhook-secret': { type: 'string', default: 'whsec_kopek' },
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
  const simulator = await startStripeSimulator({
    ...{ port, seed, host: values.host, folder: values.folder, log: logLine },
    webhookUrl: values['webhook-url'],
    settings: { webhookSecret: values['webhook-secret'] },
  });
  runUntilStopped(simulator, { port: simulator.port });
}
