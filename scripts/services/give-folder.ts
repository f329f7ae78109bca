import { chown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunAs } from '#run-as';

/** Makes all of a folder belong to the user who works in it. What belongs to it already stays untouched. */
export async function giveFolder(folder: string, { uid, gid }: RunAs): Promise<void> {
  for (const path of [folder, ...(await readdir(folder, { recursive: true })).map(below(folder))]) {
    const stat = await lstat(path).catch(() => undefined);
    if (!stat || stat.isSymbolicLink()) continue;
    if (stat.uid !== uid || stat.gid !== gid) await chown(path, uid, gid);
  }
}

function below(folder: string): (name: string) => string {
  return (name) => join(folder, name);
}
