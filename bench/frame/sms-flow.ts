import { openLoad, postJson } from './load.ts';
import { ENTITY, SENDER, type SmsStage } from './sms-stage.ts';

export interface Flow {
  /** Messages that were sent: fewer than were wanted where the time was over. */
  readonly count: number;
  /** From the first request until the receiver has heard of the last message's end. */
  readonly perSecond: number;
  readonly postMs: readonly number[];
  /** From the beginning of the POST until the provider had taken it, by its ledger: what it needs itself is not ours. */
  readonly providerMs: readonly number[];
}

export interface FlowOptions {
  readonly port: number;
  readonly count: number;
  /** In each request. */
  readonly perRequest: number;
  readonly connections: number;
  /** So many messages are under way at most: whoever sends more only measures how long a queue can become. */
  readonly underWayMost: number;
  /** Requests are begun in this rhythm, messages per second; absent: as fast as they are answered. */
  readonly pace?: number;
  /** A text that no flow before had. */
  readonly name: string;
}

/** On a machine that is busy with other things no more is begun after this. */
const TIME_MS = 45_000;
const PATIENCE_MS = 110_000;
let numbers = 0;

export async function flow(stage: SmsStage, options: FlowOptions): Promise<Flow> {
  const { connections, count, name, pace, perRequest, port, underWayMost } = options;
  const load = await openLoad(port, connections);
  const first = numbers;
  numbers += count;
  const [heardBefore, beganMs] = [stage.heard.count, performance.now()];
  const heard = () => stage.heard.count - heardBefore;
  const postedAtMs = new Map<string, number>();
  const postMs: number[] = [];
  let next = 0;
  const turn = async (line: (typeof load.lines)[number]) => {
    while (next < count && performance.now() - beganMs < TIME_MS) {
      const from = next;
      next += perRequest;
      while (from - heard() > underWayMost) await pause(2);
      if (pace !== undefined) await until(beganMs + (from * 1000) / pace);
      const request = requestOf({ key: stage.key, name, from: first + from, perRequest });
      const [began, at] = [performance.now(), Date.now()];
      for (let n = 0; n < perRequest; n += 1) postedAtMs.set(numberOf(first + from + n), at);
      const answer = await line.ask(request);
      if (!answer.startsWith('HTTP/1.1 202')) throw new Error(answer.slice(0, 800));
      postMs.push(performance.now() - began);
    }
  };
  try {
    await Promise.all(load.lines.map(turn));
    while (heard() < next) {
      if (performance.now() - beganMs > PATIENCE_MS)
        throw new Error(`only ${heard()} of ${next} messages have ended`);
      await pause(5);
    }
  } finally {
    load.close();
  }
  const perSecond = (next * 1000) / (performance.now() - beganMs);
  return { count: next, perSecond, postMs, providerMs: await timesToProvider(stage, postedAtMs) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await pause(waitMs);
}

const numberOf = (n: number) => `+7916${String(n).padStart(7, '0')}`;

/** One message, or a list of `perRequest`. */
export function requestOf(of: {
  readonly key: string;
  readonly name: string;
  readonly from: number;
  readonly perRequest: number;
}): string {
  const { from, key, name, perRequest } = of;
  const recipients = Array.from({ length: perRequest }, (_, n) => ({
    to: numberOf(from + n),
    reference: `${name}-${from + n}`,
  }));
  const common = { entity: ENTITY, class: 'service', sender: SENDER };
  const text = `Your order ${name}-${from} is ready, we wait for you until nine.`;
  const [only] = recipients;
  const body =
    perRequest === 1
      ? { ...common, text, recipient: only?.to, reference: only?.reference }
      : { ...common, text, recipients };
  return postJson('/v1/sms', body, key);
}

const PAGE = 1000;

interface LedgerPage {
  readonly received: readonly { readonly msisdn: string; readonly accepted_at: string }[];
  readonly next_after: number | null;
}

async function timesToProvider(
  { provider }: SmsStage,
  postedAtMs: ReadonlyMap<string, number>,
): Promise<readonly number[]> {
  const tookMs: number[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer = await fetch(`${provider.url}/ledger?after=${after}&limit=${PAGE}`);
    const page = (await answer.json()) as LedgerPage;
    for (const { accepted_at: at, msisdn } of page.received) {
      const posted = postedAtMs.get(`+${msisdn}`);
      if (posted !== undefined) tookMs.push(Date.parse(at) - posted);
    }
    after = page.received.length < PAGE ? null : page.next_after;
  }
  return tookMs;
}
