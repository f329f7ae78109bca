const windowMs = 1000;

/** How many events fell into the second that ends now, and the most that any second has held. */
export class SlidingSecond {
  #times = new Float64Array(1024);
  #oldest = 0;
  #count = 0;
  #highest = 0;

  get highest(): number {
    return this.#highest;
  }

  add(nowMs: number): void {
    this.countAt(nowMs);
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#oldest + this.#count) % this.#times.length] = nowMs;
    this.#count += 1;
    if (this.#count > this.#highest) this.#highest = this.#count;
  }

  countAt(nowMs: number): number {
    while (this.#count > 0 && (this.#times[this.#oldest] ?? 0) <= nowMs - windowMs) {
      this.#oldest = (this.#oldest + 1) % this.#times.length;
      this.#count -= 1;
    }
    return this.#count;
  }

  #grow(): void {
    const larger = new Float64Array(this.#times.length * 2);
    const tail = this.#times.subarray(this.#oldest);
    larger.set(tail);
    larger.set(this.#times.subarray(0, this.#oldest), tail.length);
    this.#times = larger;
    this.#oldest = 0;
  }
}

/** Counts every call that arrives, and lets at most `tps` of them pass in any second. */
export class Gate {
  readonly arrived = new SlidingSecond();
  readonly #passed = new SlidingSecond();

  admits(nowMs: number, tps: number | null): boolean {
    this.arrived.add(nowMs);
    if (tps === null) return true;
    if (this.#passed.countAt(nowMs) >= tps) return false;
    this.#passed.add(nowMs);
    return true;
  }
}
