import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Servers that refuse to run as root, or should not, run as this user then. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  /** The data lies where that user can't go (a home of mode 700): it gets the one capability it needs. */
  readonly needsPassage: boolean;
}

const NOBODY = 'nobody';
const NOBODY_ID = 65534;
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'] as const;

/**
 * Who a server that works in `folders` runs as: the user called `user`, or nobody where there is none. Undefined
 * when we are not root: then it simply runs as ourselves.
 */
export async function runAs(folders: readonly string[], user: string): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = [user, NOBODY]
    .map((name) => passwd.find(([known]) => known === name))
    .find(Boolean);
  const [uid, gid] = [Number(entry?.[2] ?? NOBODY_ID), Number(entry?.[3] ?? NOBODY_ID)];
  const open = await Promise.all(folders.map((folder) => canEnter(dirname(folder), { uid, gid })));
  return { uid, gid, needsPassage: open.includes(false) };
}

/** Whether that user may pass through every folder down to `path`. */
export async function canEnter(path: string, user: { uid: number; gid: number }): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The command, its arguments and the options for `spawn` that start it as that user. */
export function wrapCommand(as: RunAs | undefined, command: string, args: readonly string[]) {
  if (!as) return { command, args: [...args], options: {} };
  if (!as.needsPassage) return { command, args: [...args], options: { uid: as.uid, gid: as.gid } };
  const setpriv = SETPRIV.find(existsSync);
  if (!setpriv) return { command, args: [...args], options: { uid: as.uid, gid: as.gid } };
  const capabilities = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  const identity = [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'];
  return { command: setpriv, args: [...identity, ...capabilities, command, ...args], options: {} };
}
