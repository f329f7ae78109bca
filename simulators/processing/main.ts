import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { startProcessingSimulator } from './index.ts';

const usage = `The processing simulator.

  node simulators/processing/main.ts [options]

  --port <number>     default 5001; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/processing
  --seed <number>     default 1
  --errors <share>    of transactions that end with an error, 0 to 1; default 0
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5001' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/processing' },
    seed: { type: 'string', default: '1' },
    errors: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const [port, seed, errors] = [values.port, values.seed, values.errors].map(Number);
  if (port === undefined || !isPort(port)) return refuseOptions('--port is 0 to 65535');
  if (seed === undefined || !Number.isInteger(seed)) {
    return refuseOptions('--seed is a whole number');
  }
  if (errors === undefined || !(errors >= 0 && errors <= 1)) {
    return refuseOptions('--errors is a share from 0 to 1');
  }
  const { folder, host } = values;
  const simulator = await startProcessingSimulator({
    ...{ port, host, folder, seed, settings: { errors }, log: logLine },
  });
  runUntilStopped(simulator, { port: simulator.port });
}
