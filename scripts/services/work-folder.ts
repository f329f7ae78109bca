import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canEnter } from '#run-as';
import type { ServiceName } from './service.ts';

/** Neither owner nor of the group of anything. */
const STRANGER = { uid: -1, gid: -1 } as const;

/**
 * Where a service of `root` keeps its data, logs and libraries: in `root`, unless root starts it in a place that is
 * closed to others, such as a home of mode 700. The broker is another user then, and could not get there.
 */
export async function workFolder(root: string, name: ServiceName): Promise<string> {
  if (process.getuid?.() !== 0) return join(root, name);
  await mkdir(root, { recursive: true });
  if (await canEnter(root, STRANGER)) return join(root, name);
  const parent = existsSync('/var/lib') ? '/var/lib' : tmpdir();
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 12);
  return join(parent, `kopek-services-${hash}`, name);
}
