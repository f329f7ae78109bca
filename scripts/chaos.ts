// `npm run chaos -- --minutes 5 --bus amqp|kafka|postgres --seed N`: everything at once, then judgement.
import { parseArgs } from 'node:util';
import { isWhole, knows, openBroker, runStorm, writeReport } from '#chaos';

const HELP = `npm run chaos [-- --minutes N] [--bus postgres|amqp|kafka] [--seed N] [--inquiry byOurId|repeatIsSafe|none]

People subscribe and stop while processes, the database, the broker, connections and the operator fail at random.
Then it waits for quiet, and every promise is judged from the outside: by the operator's own book, the handsets and
the tables. Exits 1 when one does not hold.

  --minutes N    how long the storm lasts (5)
  --bus NAME     what carries the messages (postgres); for amqp and kafka a broker of the run's own is started
  --seed N       the same seed chooses the same misfortunes (1)
  --inquiry M    whether the operator can be asked what became of a charge (byOurId)
  --from COMMIT  begins with that version and upgrades to this one under load, process by process
`;

const BUSES = ['postgres', 'amqp', 'kafka'] as const;
const INQUIRIES = ['byOurId', 'repeatIsSafe', 'none'] as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const order = parseOrder(args);
  if (typeof order === 'string') {
    console.error(`${order}\n\n${HELP}`);
    return 2;
  }
  if (order.help) {
    console.log(HELP);
    return 0;
  }
  const beganMs = performance.now();
  const say = (line: string) => {
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    console.error(`${seconds.padStart(7)} s  ${line}`);
  };
  const { bus, ...storm } = order;
  if (storm.from !== undefined && !(await knows(storm.from))) {
    console.error(`--from: the history of this checkout has no commit ${storm.from}`);
    return 2;
  }
  const report = await runStorm({
    ...{ ...storm, say },
    ...(bus === 'postgres' ? {} : { openBroker: (life) => openBroker(life, bus, say) }),
  });
  console.log(`\n${writeReport(report)}`);
  return isWhole(report) ? 0 : 1;
}

/** What is wrong with the arguments, or what they ask for. */
function parseOrder(args: readonly string[]) {
  const text = { type: 'string' } as const;
  let values: { [name in 'minutes' | 'bus' | 'seed' | 'inquiry' | 'from']?: string } & {
    help?: boolean;
  };
  try {
    const options = { minutes: text, bus: text, seed: text, inquiry: text, from: text } as const;
    ({ values } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean' } },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { help = false } = values;
  const bus = BUSES.find((one) => one === (values.bus ?? 'postgres'));
  const [minutes, seed] = [Number(values.minutes ?? 5), Number(values.seed ?? 1)];
  const inquiry = INQUIRIES.find((one) => one === (values.inquiry ?? 'byOurId'));
  if (!(minutes > 0 && minutes <= 600)) return '--minutes is a number from above 0 to 600';
  if (!Number.isSafeInteger(seed)) return '--seed is a whole number';
  if (!inquiry) return `--inquiry is one of ${INQUIRIES.join(', ')}`;
  if (!bus) return `--bus is one of ${BUSES.join(', ')}`;
  return { help, bus, minutes, seed, inquiry, from: values.from };
}
