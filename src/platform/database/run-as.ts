import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** PostgreSQL refuses to run as root, so as root it runs as this user. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
  /** The data lies where that user can't go (a home of mode 700): it gets the one capability it needs. */
  readonly needsPassage: boolean;
}

const USERS = ['postgres', 'nobody'] as const;
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'] as const;

/** Undefined when we are not root: then the server simply runs as ourselves. */
export async function runAs(folders: readonly string[]): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = USERS.map((name) => passwd.find((entry) => entry[0] === name)).find(Boolean);
  const [uid, gid] = [Number(user?.[2] ?? 65534), Number(user?.[3] ?? 65534)];
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

export function wrapCommand(as: RunAs | undefined, command: string, args: readonly string[]) {
  if (!as) return { command, args: [...args], options: {} };
  if (!as.needsPassage) return { command, args: [...args], options: { uid: as.uid, gid: as.gid } };
  const setpriv = SETPRIV.find(existsSync);
  if (!setpriv) return { command, args: [...args], options: { uid: as.uid, gid: as.gid } };
  const capabilities = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  const identity = [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'];
  return { command: setpriv, args: [...identity, ...capabilities, command, ...args], options: {} };
}
