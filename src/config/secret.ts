import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SECRET_BYTES = 48;
const OWNER_ONLY = 0o600;

/** The secret that forms and links are signed with: the one that is set, else one made once into `secret`. */
export async function secretOf(config: {
  readonly secret: string;
  readonly dataDir: string;
}): Promise<string> {
  if (config.secret !== '') return config.secret;
  const file = join(config.dataDir, 'secret');
  await mkdir(config.dataDir, { recursive: true });
  const made = `${randomBytes(SECRET_BYTES).toString('base64url')}\n`;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, made, { flag: 'wx', mode: OWNER_ONLY });
  // A link is made whole or not at all: of processes that start at once, all read the one that was first.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
  return (await readFile(file, 'utf8')).trim();
}
