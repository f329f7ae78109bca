import { closeSync, fdatasync, ftruncateSync, write } from 'node:fs';
import { openJournalFile } from './journal-file.ts';

/** A disk takes as long for one line as for a hundred. */
const gatherMs = 10;

type Callback = (failure: Error | undefined) => void;

/**
 * An append-only file of JSON lines. What is appended while the disk is busy with the last write goes out together,
 * and whoever waits for it is called when the disk has it (fdatasync): it outlives a kill -9 and a power cut.
 */
export class Journal<Entry> {
  readonly #file: number;
  #lines: string[] = [];
  #waiting: Callback[] = [];
  /** Of the write that is under way. */
  #inFlight: Callback[] | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #closed = false;

  /** Replays what stands in the file, then goes on behind it. A torn last line is cut off. */
  constructor(path: string, apply: (entry: Entry) => void) {
    this.#file = openJournalFile(path, apply);
  }

  append(entry: Entry): void {
    this.#lines.push(JSON.stringify(entry));
    this.#schedule();
  }

  /** Calls back when the disk has everything appended so far: at once if it already does. */
  whenWritten(callback: Callback): void {
    if (this.#lines.length > 0) {
      this.#waiting.push(callback);
      this.#schedule();
    } else if (this.#inFlight) this.#inFlight.push(callback);
    else callback(this.#failure);
  }

  /** Resolves when the disk has everything appended so far; rejects when it never will. */
  written(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenWritten((failure) => (failure ? reject(failure) : resolve()));
    });
  }

  /** As on the first day: what was appended before is gone, what comes after begins the file. */
  clear(): Promise<void> {
    return new Promise((resolve) => {
      this.whenWritten(() => {
        if (!this.#closed) ftruncateSync(this.#file, 0);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.whenWritten(() => {
        if (!this.#closed) closeSync(this.#file);
        this.#closed = true;
        resolve();
      });
    });
  }

  /** Everything of this turn of the event loop goes out in one write; what nobody waits for gathers a while. */
  #schedule(): void {
    if (this.#inFlight || this.#immediate) return;
    if (this.#waiting.length > 0) this.#immediate = setImmediate(() => this.#flush());
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    [this.#timer, this.#immediate] = [undefined, undefined];
    const [lines, waiting] = [this.#lines, this.#waiting];
    [this.#lines, this.#waiting, this.#inFlight] = [[], [], waiting];
    const done = (error: Error | null) => {
      // After one failed write nothing more is written: memory and file no longer say the same.
      if (error) this.#failure ??= error;
      const called = this.#inFlight ?? [];
      this.#inFlight = undefined;
      if (this.#lines.length > 0) this.#schedule();
      for (const callback of called) callback(this.#failure);
    };
    if (this.#closed || this.#failure) done(this.#failure ?? new Error('The journal is closed'));
    else writeAll(this.#file, Buffer.from(`${lines.join('\n')}\n`), done);
  }
}

function writeAll(file: number, bytes: Buffer, done: (error: Error | null) => void): void {
  write(file, bytes, (error, written) => {
    if (error) return done(error);
    if (written < bytes.length) return writeAll(file, bytes.subarray(written), done);
    fdatasync(file, done);
  });
}
