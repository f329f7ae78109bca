import type { SmsCentre } from '#simulators/sms-provider/centre';

const windowMs = 60_000;
/** Beyond that the oldest are looked through and forgotten. */
const rememberedMax = 100_000;

/** SMSC.ru's error 9: the same request again within a minute. */
export class RepeatGuard {
  readonly sendLimit = 1;
  readonly priceLimit = 5;
  readonly statusLimit = 5;
  readonly #centre: SmsCentre;
  readonly #times = new Map<string, number[]>();

  constructor(centre: SmsCentre) {
    this.#centre = centre;
    centre.onReset(() => this.#times.clear());
  }

  /** Whether this was asked `limit` times in the minute before. What is refused is not counted. */
  isRepeated(request: string, limit: number): boolean {
    if (!this.#centre.settingsOf('smsc').refuseRepeats) return false;
    const nowMs = this.#centre.nowMs();
    if (this.#times.size > rememberedMax) this.#forget(nowMs);
    const times = (this.#times.get(request) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    if (times.length >= limit) return true;
    times.push(nowMs);
    this.#times.set(request, times);
    return false;
  }

  #forget(nowMs: number): void {
    for (const [request, times] of this.#times) {
      if ((times.at(-1) ?? 0) <= nowMs - windowMs) this.#times.delete(request);
    }
  }
}
