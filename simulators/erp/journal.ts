import { type FileHandle, open } from 'node:fs/promises';

const NEWLINE = 0x0a;

/**
 * An append-only file of JSON lines. What was appended while the last write was under way goes out together, and is
 * answered when the disk has it (fdatasync): it outlives a kill -9 and a power cut.
 */
export class Journal<Entry> {
  readonly #file: FileHandle;
  #lines: string[] = [];
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Replays what stands in the file, then goes on behind it. A torn last line is cut off. */
  static async open<Entry>(path: string, apply: (entry: Entry) => void): Promise<Journal<Entry>> {
    const file = await open(path, 'a+');
    try {
      const bytes = await file.readFile();
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      for (const line of bytes.toString('utf8', 0, whole).split('\n')) {
        if (line !== '') apply(JSON.parse(line) as Entry);
      }
      // Without this the next line would be glued to the torn one, and both would be lost.
      if (whole < bytes.length) await file.truncate(whole);
      return new Journal<Entry>(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when these are on the disk. After one failed write nothing more is written, and every call rejects. */
  async append(entries: readonly Entry[]): Promise<void> {
    if (this.#failure) throw this.#failure;
    for (const entry of entries) this.#lines.push(JSON.stringify(entry));
    // Whoever comes while a write is under way waits for the next one.
    while (this.#writing) await this.#writing;
    if (this.#failure) throw this.#failure;
    if (this.#lines.length === 0) return;
    this.#writing = this.#write(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    await this.#writing;
    if (this.#failure) throw this.#failure;
  }

  /** As on the first day. */
  async clear(): Promise<void> {
    await this.append([]);
    await this.#file.truncate(0);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#file.appendFile(text);
      await this.#file.datasync();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#writing = undefined;
    }
  }
}
