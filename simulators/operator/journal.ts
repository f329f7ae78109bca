import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { openJournalFile } from '#simulators/kit';

/**
 * An append-only file of JSON lines. What was appended during one turn of the event loop goes out
 * in one write, and whoever waits for it is called after that write: the operating system then
 * holds the lines, so they outlive a kill -9 of this process (not a power cut: no fsync, unlike the
 * kit's journal: a benchmark's thousands of calls a second are to measure the caller, not this disk).
 */
export class Journal<Entry> {
  readonly #file: number;
  #lines: string[] = [];
  #waiting: ((failure: Error | undefined) => void)[] = [];
  #scheduled = false;
  #failure: Error | undefined;
  #closed = false;

  /** Replays what stands in the file, then opens it for more. A torn last line is cut off. */
  constructor(path: string, apply: (entry: Entry) => void) {
    this.#file = openJournalFile(path, apply);
  }

  append(entry: Entry): void {
    this.#lines.push(JSON.stringify(entry));
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Calls back when everything appended so far is in the file: at once if it already is. */
  whenWritten(callback: (failure: Error | undefined) => void): void {
    if (this.#lines.length === 0) callback(this.#failure);
    else this.#waiting.push(callback);
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#lines.length > 0 && !this.#closed) this.#write(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback(this.#failure);
  }

  clear(): void {
    this.flush();
    ftruncateSync(this.#file, 0);
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    closeSync(this.#file);
  }

  /** After one failed write nothing more is written: memory and file no longer say the same. */
  #write(text: string): void {
    if (this.#failure !== undefined) return;
    try {
      let rest = Buffer.from(text);
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#file, rest));
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
  }
}
