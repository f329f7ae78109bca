import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

const readChunkBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/** Replays the JSON lines of a file, which is made if absent, and returns it open for more: a torn last line is cut off. */
export function openJournalFile<Entry>(path: string, apply: (entry: Entry) => void): number {
  const file = openSync(path, 'a+');
  try {
    const wholeBytes = replay(file, apply);
    // Without this the next line would be glued to the torn one, and both would be lost.
    if (wholeBytes < fstatSync(file).size) ftruncateSync(file, wholeBytes);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Returns how many bytes the whole lines take. */
function replay<Entry>(file: number, apply: (entry: Entry) => void): number {
  const chunk = Buffer.alloc(readChunkBytes);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ; ) {
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
