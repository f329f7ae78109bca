import { parseArgs } from 'node:util';
import { isPort, logLine, refuseOptions, runUntilStopped } from '#simulators/kit';
import { startOperatorSimulator } from './index.ts';
import { inquiryModes } from './settings.ts';

const usage = `The mobile operator simulator.

  node simulators/operator/main.ts [options]

  --port <number>     default 50306; 0: any free port
  --host <address>    default 127.0.0.1
  --folder <path>     where its journal stands; default .kopek/operator
  --mo-url <url>      where customers' SMS are posted; default nowhere
  --seed <number>     default 1
  --inquiry <mode>    ${inquiryModes.join(' | ')}; default byOurId
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '50306' },
    host: { type: 'string', default: '127.0.0.1' },
    folder: { type: 'string', default: '.kopek/operator' },
    'mo-url': { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    inquiry: { type: 'string', default: 'byOurId' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const inquiry = inquiryModes.find((mode) => mode === values.inquiry);
  if (inquiry === undefined)
    return refuseOptions(`--inquiry is one of: ${inquiryModes.join(', ')}`);
  const [port, seed] = [Number(values.port), Number(values.seed)];
  if (!isPort(port)) return refuseOptions('--port is 0 to 65535');
  if (!Number.isInteger(seed)) return refuseOptions('--seed is a whole number');
  const simulator = await startOperatorSimulator({
    port,
    host: values.host,
    folder: values.folder,
    moUrl: values['mo-url'],
    seed,
    inquiry,
    log: logLine,
  });
  runUntilStopped(simulator, { port: simulator.port });
}
