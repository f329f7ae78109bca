import { LANES } from '#bus/key-hash';
import { createLanes, type Lanes } from '#bus/lanes';
import type { WakeUps } from '#bus/wake';
import type { Clock } from '#clock';
import { type Database, isTransient, type Tx } from '#database';
import { type AppError, messageOf } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Carrier, Departure, Failure, Route } from './carrier.ts';
import { createFailures, type Failures } from './failures.ts';
import {
  declareRelay,
  deleteOutgoing,
  type GroupRow,
  lockRelayLanes,
  type OutgoingRow,
  type Registration,
  type RelayLane,
  readGroups,
  readLag,
  readOutgoing,
  readThese,
  registerSending,
  relayTopic,
} from './store.ts';

/** Sends what was published to a broker, by any number of copies side by side. */
export interface Relay {
  stop(): Promise<void>;
}

export interface RelayInput {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly wakeUps: WakeUps;
  readonly carrier: Carrier;
}

/** They share the lanes: while one waits for the broker the other one asks the database. */
const LOOPS = 2;
/** Of one lane in one turn. A record batch of Kafka holds them all, and is to fit into a topic made by others. */
const ROWS_MAX = 200;
const BYTES_MAX = 524_288;
/** After a turn with so few the next ones gather for a moment: under load sets stay sets. */
const FEW = 100;
const GATHER_MS = 4;
const IDLE_POLL_MS = 300;
const AWAY_PAUSE_MS = 300;
const TROUBLE_PAUSE_MOST_MS = 5000;
/** Leases are renewed while the broker's confirmation is waited for. */
const KEEP_INTERVAL_MS = 2000;
/**
 * Late transactions lie below the floor, and are looked for this often; where a topic that is refused has piled up there,
 * only as often as costs a tenth of the time.
 */
const WHOLE_LOOK_INTERVAL_MS = 200;
const WHOLE_LOOK_SHARE = 10;

export function startRelay(input: RelayInput): Relay {
  const stopping = new AbortController();
  addMetrics(input);
  const loops = Array.from({ length: LOOPS }, () => new RelayLoop(input, stopping.signal).run());
  return {
    async stop() {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

function addMetrics({ clock, database, metrics }: RelayInput): void {
  const read = () => readLag(database.pool, clock.now());
  metrics.gauge(
    'kopek_bus_relay_lag_seconds',
    'Age of the oldest message not yet with its broker',
    {
      labels: ['engine'],
      read: async () =>
        (await read()).map(({ engine, lag_seconds }) => ({
          labels: { engine },
          value: lag_seconds,
        })),
    },
  );
  metrics.gauge('kopek_bus_relay_messages', 'Messages that wait to be sent to their broker', {
    labels: ['engine'],
    read: async () =>
      (await read()).map(({ engine, waiting }) => ({ labels: { engine }, value: Number(waiting) })),
  });
}

/** What is to be sent next, and the groups that must not be passed by. */
interface Turn {
  readonly departures: readonly Departure[];
  readonly groups: readonly GroupRow[];
}

class RelayLoop {
  readonly #input: RelayInput;
  readonly #signal: AbortSignal;
  readonly #owner = uuidV7();
  readonly #failures: Failures;
  readonly #floors: bigint[] = Array.from({ length: LANES }, () => 0n);
  #queue = 0;
  #lanes: Lanes | undefined;
  /** Confirmed, and not yet deleted. */
  #confirmed: readonly Departure[] = [];
  #nextWholeLookMs = 0;
  #troubleMs = 0;

  constructor(input: RelayInput, signal: AbortSignal) {
    const { carrier, log, metrics } = input;
    this.#input = input;
    this.#signal = signal;
    this.#failures = createFailures({ engine: carrier.engine, log, metrics });
  }

  async run(): Promise<void> {
    const { carrier, log } = this.#input;
    while (!this.#signal.aborted) {
      try {
        await this.#turn();
        this.#troubleMs = 0;
      } catch (error) {
        if (!isTransient(error))
          log.error({ err: error, engine: carrier.engine }, 'a relay stumbled');
        this.#troubleMs = Math.min(TROUBLE_PAUSE_MOST_MS, this.#troubleMs * 2 || AWAY_PAUSE_MS);
        await this.#sleep(this.#troubleMs);
      }
    }
    // What was confirmed is deleted yet; what was not is sent again by whoever comes next.
    await this.#forget().catch(() => {});
    await this.#lanes?.release().catch(() => {});
  }

  async #turn(): Promise<void> {
    const { carrier, database, wakeUps } = this.#input;
    const lanes = await this.#keep();
    await carrier.ready();
    const topic = relayTopic(carrier.engine);
    const since = wakeUps.count(topic);
    const turn = await database.transaction((tx) => this.#register(tx));
    this.#confirmed = [];
    if (turn.departures.length === 0) {
      const patienceMs = Math.min(IDLE_POLL_MS, this.#failures.nextMs());
      await wakeUps.sleep(topic, { patienceMs, signal: this.#signal, since });
      return;
    }
    const failures = await this.#keeping(lanes, () => this.#send(turn));
    this.#failures.note(failures);
    const failed = new Set(failures.map(({ departure }) => departure.id));
    this.#confirmed = turn.departures.filter(({ id }) => !failed.has(id));
    if (turn.departures.length < FEW) await this.#sleep(GATHER_MS);
  }

  /** Topic by topic it is made sure that nobody is passed by: one that the broker refuses keeps no other waiting. */
  async #send(turn: Turn): Promise<readonly Failure[]> {
    const { carrier } = this.#input;
    const refused = new Map<string, string>();
    for (const route of routesOf(turn)) {
      try {
        await carrier.establish([route]);
      } catch (error) {
        if ((error as AppError).code !== 'broker_refuses') throw error;
        await carrier.ready(); // throws while it can't even be asked
        refused.set(route.topic, messageOf(error));
      }
    }
    const failures: Failure[] = [];
    const departing: Departure[] = [];
    for (const departure of turn.departures) {
      const reason = refused.get(departure.topic);
      if (reason === undefined) departing.push(departure);
      else failures.push({ departure, reason });
    }
    if (departing.length > 0) failures.push(...(await carrier.send(departing)));
    return failures;
  }

  async #keep(): Promise<Lanes> {
    const { carrier, database } = this.#input;
    if (!this.#lanes) {
      this.#queue = await declareRelay(database.pool, carrier.engine, LANES);
      const queue = { queue: this.#queue, topic: relayTopic(carrier.engine) };
      this.#lanes = createLanes(database, queue, this.#owner);
    }
    await this.#lanes.keep();
    return this.#lanes;
  }

  async #keeping<Result>(lanes: Lanes, send: () => Promise<Result>): Promise<Result> {
    let keeping: Promise<unknown> | undefined;
    const timer = setInterval(() => {
      keeping ??= lanes
        .keep()
        .catch(() => {})
        .finally(() => {
          keeping = undefined;
        });
    }, KEEP_INTERVAL_MS);
    try {
      return await send();
    } finally {
      clearInterval(timer);
      await keeping;
    }
  }

  /** One transaction: deletes what was confirmed, and writes down what is sent next. It waits for the disk. */
  async #register(tx: Tx): Promise<Turn> {
    const locked = await lockRelayLanes(tx, this.#queue, this.#owner);
    const left = await this.#settle(tx, locked);
    const held = this.#failures.held();
    const again = await this.#again(tx, left, held);
    const free = left.filter(({ lane }) => !again.some((departure) => departure.lane === lane));
    const rows = await this.#read(tx, free, held);
    const fresh = free.flatMap((lane) =>
      number(
        lane,
        rows.filter((row) => row.lane === lane.lane),
      ),
    );
    const changed = left.flatMap((lane) => {
      const added = fresh.filter((departure) => departure.lane === lane.lane);
      return lane.settled || added.length > 0 ? [toRegistration(lane, added)] : [];
    });
    await registerSending(tx, this.#queue, changed);
    const departures = [...again, ...fresh];
    const topics = [...new Set(departures.map(({ topic }) => topic))];
    const groups = topics.length > 0 ? await readGroups(tx, topics) : [];
    return { departures, groups };
  }

  /** Deletes what the broker has; answers the lanes with what is still unknown of each. */
  async #settle(tx: Tx, locked: readonly RelayLane[]): Promise<readonly SettledLane[]> {
    const { carrier } = this.#input;
    const confirmed = new Set(this.#confirmed.map(({ id }) => id));
    const gone: { lane: number; id: bigint }[] = [];
    const left = locked.map((lane) => {
      const kept = lane.sending_ids.map((id, at) => ({
        id,
        sequence: lane.sending_sequences[at] ?? 0n,
      }));
      const mine = kept.filter(({ id }) => confirmed.has(id));
      gone.push(...mine.map(({ id }) => ({ lane: lane.lane, id })));
      const sending = kept.filter(({ id }) => !confirmed.has(id));
      return { ...lane, sending, settled: mine.length > 0 };
    });
    const lanes = gone.map(({ lane }) => lane);
    await deleteOutgoing(tx, { engine: carrier.engine, lanes, ids: gone.map(({ id }) => id) });
    return left;
  }

  /** What was sent before, here or by a former owner, and has no known answer: under the same numbers. */
  async #again(
    tx: Tx,
    left: readonly SettledLane[],
    held: readonly string[],
  ): Promise<Departure[]> {
    const { carrier } = this.#input;
    const asked = left.flatMap((lane) => lane.sending.map(({ id }) => ({ lane: lane.lane, id })));
    const lanes = asked.map(({ lane }) => lane);
    const ids = asked.map(({ id }) => id);
    const rows = await readThese(tx, { engine: carrier.engine, lanes, ids });
    const rowOf = new Map(rows.map((row) => [row.id, row]));
    return left.flatMap(({ sending }) =>
      sending.flatMap(({ id, sequence }) => {
        const row = rowOf.get(id);
        return row && !held.includes(row.topic) ? [{ ...row, sequence }] : [];
      }),
    );
  }

  async #read(
    tx: Tx,
    free: readonly SettledLane[],
    held: readonly string[],
  ): Promise<OutgoingRow[]> {
    if (free.length === 0) return [];
    const beganMs = performance.now();
    const whole = beganMs >= this.#nextWholeLookMs;
    const rows = await readOutgoing(tx, {
      ...{ engine: this.#input.carrier.engine, held, rowsMax: ROWS_MAX, bytesMax: BYTES_MAX },
      lanes: free.map(({ lane }) => lane),
      floors: free.map(({ lane }) => (whole ? 0n : (this.#floors[lane] ?? 0n))),
    });
    if (whole) {
      const tookMs = performance.now() - beganMs;
      const pauseMs = Math.max(WHOLE_LOOK_INTERVAL_MS, tookMs * WHOLE_LOOK_SHARE);
      this.#nextWholeLookMs = performance.now() + pauseMs;
    }
    for (const { lane, id } of rows) {
      if (id >= (this.#floors[lane] ?? 0n)) this.#floors[lane] = id + 1n;
    }
    const unknown = new Set(free.flatMap(({ sending }) => sending.map(({ id }) => id)));
    return rows.filter(({ id }) => !unknown.has(id));
  }

  async #forget(): Promise<void> {
    if (this.#confirmed.length === 0) return;
    await this.#input.database.transaction(async (tx) => {
      const locked = await lockRelayLanes(tx, this.#queue, this.#owner);
      const left = await this.#settle(tx, locked);
      const changed = left.filter(({ settled }) => settled).map((lane) => toRegistration(lane, []));
      await registerSending(tx, this.#queue, changed);
    });
  }

  async #sleep(patienceMs: number): Promise<void> {
    await this.#input.wakeUps.sleep('', { patienceMs, signal: this.#signal });
  }
}

interface SettledLane extends RelayLane {
  readonly sending: readonly { readonly id: bigint; readonly sequence: bigint }[];
  /** Something of it was confirmed. */
  readonly settled: boolean;
}

/** Gives out the next numbers of a lane. */
function number(lane: RelayLane, rows: readonly OutgoingRow[]): Departure[] {
  const first = (lane.sequence > lane.now_us ? lane.sequence : lane.now_us) + 1n;
  return rows.map((row, at) => ({ ...row, sequence: first + BigInt(at) }));
}

function toRegistration(lane: SettledLane, added: readonly Departure[]): Registration {
  return {
    lane: lane.lane,
    sequence: added.at(-1)?.sequence ?? lane.sequence,
    ids: [...lane.sending, ...added].map(({ id }) => id),
    sequences: [...lane.sending, ...added].map(({ sequence }) => sequence),
  };
}

function routesOf({ groups }: Turn): Route[] {
  const ofTopic = Map.groupBy(groups, ({ topic }) => topic);
  return [...ofTopic].map(([topic, rows]) => ({
    topic,
    ordered: rows[0]?.ordered ?? false,
    priorities: rows[0]?.priorities ?? 1,
    groups: rows.map(({ queue, group_name }) => ({ queue, name: group_name })),
  }));
}
