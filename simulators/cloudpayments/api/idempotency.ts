import type { Acquirer, Answer, Caller, Change, Site } from '#simulators/cloudpayments/acquirer';

/** By terminal and X-Request-ID: what is being carried out right now. */
const running = new WeakMap<Acquirer, Map<string, Promise<Answer>>>();

export interface Once {
  readonly acquirer: Acquirer;
  readonly site: Site;
  /** Undefined: every call counts by itself. */
  readonly requestId: string | undefined;
  readonly run: (caller: Caller) => Answer | Promise<Answer>;
}

/** The same X-Request-ID is carried out once and answered alike, also when both calls come at the same time. */
export async function carryOutOnce(once: Once): Promise<Answer> {
  const { acquirer, requestId, site } = once;
  if (requestId === undefined) return carryOut(once, undefined);
  const key = `${site.publicId}\n${requestId}`;
  const known = acquirer.store.remembered.get(key);
  const { idempotencyMs } = acquirer.settings;
  if (known && acquirer.clock.now() - known.atMs < idempotencyMs) return known.answer;
  const underWay = runningOf(acquirer);
  const first = underWay.get(key);
  if (first) return first;
  const answer = carryOut(once, key).finally(() => underWay.delete(key));
  underWay.set(key, answer);
  return answer;
}

function runningOf(acquirer: Acquirer): Map<string, Promise<Answer>> {
  const known = running.get(acquirer);
  if (known) return known;
  const made = new Map<string, Promise<Answer>>();
  running.set(acquirer, made);
  return made;
}

async function carryOut({ acquirer, run, site }: Once, key: string | undefined): Promise<Answer> {
  let told: Promise<unknown> | undefined;
  const settle = (answer: Answer, change: Change): Answer => {
    const isKept = key !== undefined && (isDone(answer) || acquirer.settings.replayDeclines);
    const atMs = acquirer.clock.now();
    told = acquirer.settle(isKept ? { ...change, remembered: { key, atMs, answer } } : change);
    return answer;
  };
  const answer = await run({ acquirer, site, settle });
  await told;
  return answer;
}

/** Accepted, or on its way to the holder of the card. */
function isDone({ model, success }: Answer): boolean {
  return success || model !== undefined;
}
