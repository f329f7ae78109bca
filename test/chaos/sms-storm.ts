import { createSpan } from '#testing';
import { type Chance, createChance } from './chance.ts';
import type { Kopek } from './process.ts';
import { judgeCaps } from './sms-caps.ts';
import { judgeSms, type Promised, untilSmsQuiet } from './sms-invariants.ts';
import { type SmsStage, setSmsStage } from './sms-stage.ts';
import { type SmsTraffic, startSmsTraffic } from './sms-traffic.ts';
import { type DatabaseServer, openServer, pause } from './world.ts';

export interface SmsStormOptions {
  readonly minutes: number;
  readonly seed: number;
  /** A line of progress. */
  readonly say: (line: string) => void;
}

export interface SmsStormReport {
  readonly taken: number;
  readonly onHandsets: number;
  readonly mishaps: ReadonlyMap<string, number>;
  readonly quietAfterMs: number;
  readonly findings: readonly string[];
}

interface SmsWorld {
  readonly stage: SmsStage;
  readonly server: DatabaseServer;
  readonly crew: Kopek[];
}

const CREW = [
  ['sms-api', 0],
  ['sms-sender', 0],
  ['sms-sender', 1],
  ['sms-sender', 2],
  ['sms-rules', 0],
] as const;
const BETWEEN_MISHAPS_MS = { least: 300, most: 2000 } as const;
const AWAY_MS = { least: 0, most: 1500 } as const;
/** Some are longer than the time in which a call has to begin. */
const FROZEN_MS = { least: 1000, most: 12_000 } as const;
const FAULTS_MS = { least: 1000, most: 4000 } as const;
/** Leases of claims (15 s) and of calls (timeout and 15 s) may have to end first, and breakers to close. */
const QUIET_TIMEOUT_MS = 240_000;
const LATE_MS = 2500;

/** Traffic of all classes and mishaps for so many minutes, then quiet, then judgement by the handsets. */
export async function runSmsStorm(options: SmsStormOptions): Promise<SmsStormReport> {
  const { minutes, say, seed } = options;
  const life = createSpan();
  try {
    const server = await openServer(life);
    const stage = await setSmsStage(life, server.database, {
      seed,
      perSecond: 60,
      timeoutMs: 1000,
    });
    const crew: Kopek[] = [];
    // One after the other: five at once need longer on a busy machine than one may take to get ready.
    for (const [part, copy] of CREW) crew.push(await stage.start(part, copy));
    await stage.book.set('all', { latencyMs: { min: 1, max: 150 }, lateMs: LATE_MS, ...RECEIPTS });
    const world = { stage, server, crew };
    const traffic = startSmsTraffic(stage, createChance(seed));
    const mishaps = await suffer(world, {
      ...{ say, endMs: performance.now() + minutes * 60_000 },
      chance: createChance(seed + 1),
    });
    say('calm: until everybody has been answered');
    await traffic.end();
    return { ...(await judge(world, traffic, say)), mishaps };
  } finally {
    await life.end();
  }
}

const RECEIPTS = { duplicated: 0.2, early: 0.1, late: 0.05, missing: 0.1, reordered: 0.2 } as const;

interface Suffering {
  readonly endMs: number;
  readonly chance: Chance;
  readonly say: SmsStormOptions['say'];
}

async function suffer(world: SmsWorld, { chance, endMs, say }: Suffering) {
  const happened = new Map<string, number>();
  const names = Object.entries(MISHAPS).flatMap(([name, { weight }]) =>
    Array.from({ length: weight }, () => name),
  );
  while (performance.now() < endMs) {
    await pause(chance.between(BETWEEN_MISHAPS_MS.least, BETWEEN_MISHAPS_MS.most));
    const name = chance.pick(names);
    say(name);
    await MISHAPS[name]?.happen(world, chance).catch((error) => say(`${name}: ${error}`));
    happened.set(name, (happened.get(name) ?? 0) + 1);
  }
  return happened;
}

interface Mishap {
  readonly weight: number;
  happen(world: SmsWorld, chance: Chance): Promise<void>;
}

const between = (
  chance: Chance,
  { least, most }: { readonly least: number; readonly most: number },
) => pause(chance.between(least, most));

const MISHAPS: Readonly<Record<string, Mishap>> = {
  'process killed': {
    weight: 10,
    async happen({ crew, stage }, chance) {
      const at = chance.between(0, crew.length - 1);
      await crew[at]?.kill();
      await between(chance, AWAY_MS);
      const [part, copy] = CREW[at] ?? CREW[0];
      crew[at] = await stage.start(part, copy);
    },
  },
  'process replaced': {
    weight: 2,
    async happen({ crew, stage }, chance) {
      const at = chance.between(0, crew.length - 1);
      await crew[at]?.stop();
      const [part, copy] = CREW[at] ?? CREW[0];
      crew[at] = await stage.start(part, copy);
    },
  },
  'process frozen': {
    weight: 4,
    async happen({ crew }, chance) {
      const one = crew[chance.between(0, crew.length - 1)];
      one?.pause();
      await between(chance, FROZEN_MS);
      one?.resume();
    },
  },
  'database restarted': { weight: 1, happen: ({ server }) => server.restart() },
  'database crashed': { weight: 1, happen: ({ server }) => server.crash() },
  'provider at fault': {
    weight: 10,
    async happen({ stage: { book } }, chance) {
      const name = chance.pick(FAULTS);
      const provider = chance.pick(['generic-http', 'smsc']);
      await book.tell('/control/scenarios', { name, provider, probability: 0.4, times: 1_000_000 });
      await between(chance, FAULTS_MS);
      await book.tell('/control/scenarios', {}, 'DELETE');
    },
  },
};

const FAULTS = [
  ...([
    'hang-before',
    'hang-after',
    'cut-before',
    'cut-after',
    'error-before',
    'error-after',
  ] as const),
  ...(['garbage', 'down', 'late', 'late-answer', 'throttled', 'temporary', 'no-money'] as const),
  ...([
    'bad-number',
    'bad-text',
    'receipt-missing',
    'receipt-early',
    'receipt-duplicated',
  ] as const),
];

async function judge(
  { stage }: SmsWorld,
  traffic: SmsTraffic,
  say: SmsStormOptions['say'],
): Promise<Omit<SmsStormReport, 'mishaps'>> {
  say('quiet: waiting until nothing moves');
  const beganMs = performance.now();
  await pause(LATE_MS * 2);
  await untilSmsQuiet(stage, QUIET_TIMEOUT_MS);
  const received = await stage.book.received();
  const promised: readonly Promised[] = traffic.promised;
  return {
    ...{ taken: promised.length, onHandsets: received.length },
    quietAfterMs: Math.round(performance.now() - beganMs),
    findings: [...(await judgeSms(stage, promised)), ...judgeCaps(received)],
  };
}

/** What a storm came to, for people. */
export function writeSmsReport(report: SmsStormReport): string {
  const { findings, mishaps, onHandsets, quietAfterMs, taken } = report;
  const suffered = [...mishaps].map(([name, count]) => `${count} × ${name}`).join(', ');
  return [
    `${taken} messages taken, ${onHandsets} on handsets; ${suffered}; quiet after ${(quietAfterMs / 1000).toFixed(1)} s`,
    ...findings.slice(0, FINDINGS_SHOWN),
    ...(findings.length > FINDINGS_SHOWN ? [`… of ${findings.length}`] : []),
  ].join('\n');
}

const FINDINGS_SHOWN = 20;
