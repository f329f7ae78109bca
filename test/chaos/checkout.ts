import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Lifetime, temporaryFolder } from '#testing';
import { ROOT } from './process.ts';

const run = promisify(execFile);

/** Whether the history of this checkout knows `ref`: a copy without history, or a shallow one, does not. */
export async function knows(ref: string): Promise<boolean> {
  return run('git', ['-C', ROOT, 'cat-file', '-e', `${ref}^{commit}`]).then(
    () => true,
    () => false,
  );
}

/** The sources of another version in a folder of their own; they share what npm has installed here. */
export async function checkOut(life: Lifetime, ref: string): Promise<string> {
  const folder = await temporaryFolder(life);
  const archive = join(folder, 'kopek.tar');
  const root = join(folder, 'kopek');
  await run('git', ['-C', ROOT, 'archive', '--prefix=kopek/', '--output', archive, ref]);
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}
