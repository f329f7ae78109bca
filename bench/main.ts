// `npm run bench [-- name…]`: every claim about speed, measured here and now beside its floor.
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Claim, median, type Result } from './frame/claim.ts';
import { figure, runClaim, startBenchServer } from './frame/run-claim.ts';

const SAMPLES = 3;
/** The whole run ends in ten minutes, unless a long claim is named: after this no further sample is begun. */
const TIME_MS = 8.5 * 60_000;

const HELP = `npm run bench [-- name…] [--samples N] [--json]

  name…          only these claims: the names of the files of bench/; soak is measured only when it is named
  --samples N    pairs of samples per comparison (${SAMPLES})
  --json         prints the results as JSON on stdout, progress on stderr

Each comparison measures ours and its floor in turn, on a durable embedded PostgreSQL in a temporary folder.
Figures of different runs are not comparable; ratios of one run are.
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      samples: { type: 'string', default: String(SAMPLES) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const samples = Number(values.samples);
  const claims = await readClaims(positionals);
  if (!Number.isInteger(samples) || samples < 1 || claims.length === 0) {
    console.error(HELP);
    return 2;
  }
  const results = await measure(claims, { samples, json: values.json });
  if (values.json) console.log(JSON.stringify(results, null, 2));
  return 0;
}

/** Takes longer than ten minutes by itself: measured when it is named. */
const LONG = /\.long\.ts$/;

function nameOf(file: string): string {
  return basename(file, '.ts').replace(/\.long$/, '');
}

async function readClaims(names: readonly string[]): Promise<readonly Claim[]> {
  const files = globSync('*.ts', { cwd: import.meta.dirname })
    .filter((file) => file !== basename(import.meta.filename))
    .filter((file) => (names.length === 0 ? !LONG.test(file) : names.includes(nameOf(file))))
    .sort();
  return Promise.all(
    files.map((file) => import(join(import.meta.dirname, file)) as Promise<Claim>),
  );
}

async function measure(
  claims: readonly Claim[],
  options: { readonly samples: number; readonly json: boolean },
): Promise<readonly Result[]> {
  const beganMs = performance.now();
  const say = (text: string) => {
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(0);
    console.error(`  ${seconds.padStart(4)} s  ${text}`);
  };
  const server = await startBenchServer();
  let interrupted = false;
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const])
    process.once(signal, () => {
      interrupted = true;
      void server.stop().finally(() => process.exit(code));
    });
  const all: Result[] = [];
  try {
    say(
      `PostgreSQL ${server.version}, Node ${process.versions.node}, ${availableParallelism()} cores`,
    );
    for (const [at, claim] of claims.entries()) {
      // Time that one claim leaves over belongs to those after it.
      const leftMs = beganMs + TIME_MS - performance.now();
      const endMs = performance.now() + leftMs / (claims.length - at);
      const { results, notes } = await runClaim(claim, server, { ...options, endMs, say });
      all.push(...results);
      if (!options.json) print(claim, results, notes);
    }
  } finally {
    if (!interrupted) await server.stop();
  }
  return all;
}

function print(claim: Claim, results: readonly Result[], notes: readonly string[]): void {
  console.log(`\n${claim.name}: ${claim.claim}`);
  for (const result of results) {
    const spread = `${Math.min(...result.ratios).toFixed(2)}–${Math.max(...result.ratios).toFixed(2)}`;
    console.log(
      `  ${result.reached ? '✔' : '✖'} ${result.situation.padEnd(26)}` +
        `${figure(median(result.ours)).padStart(9)} ${result.unit}, ${result.against} ` +
        `${figure(median(result.floor))}: ratio ${result.ratio.toFixed(2)} (${spread}), ` +
        `target ${result.target}, ${result.ratios.length} samples`,
    );
  }
  for (const note of notes) console.log(`    ${note}`);
  console.log('');
}
