import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

const readChunkBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/**
 * An append-only file of JSON lines. What was appended during one turn of the event loop goes out
 * in one write, and whoever waits for it is called after that write: the operating system then
 * holds the lines, so they outlive a kill -9 of this process (not a power cut: no fsync).
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
    this.#file = openSync(path, 'a+');
    const wholeBytes = replay(this.#file, apply);
    // Without this, the next line would be glued to the torn one and both would be lost.
    if (wholeBytes < fstatSync(this.#file).size) ftruncateSync(this.#file, wholeBytes);
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

/** Returns how many bytes the whole lines take. */
function replay<Entry>(file: number, apply: (entry: Entry) => void): number {
  const chunk = Buffer.alloc(readChunkBytes);
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const read = readSync(file, chunk, 0, chunk.length, position);
    if (read === 0) return position - rest.length;
    position += read;
    const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
    const end = bytes.lastIndexOf(newline) + 1;
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (line !== '') apply(JSON.parse(line) as Entry);
    }
    rest = bytes.subarray(end);
  }
}
