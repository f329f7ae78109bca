// Starts a TypeScript file on the Node that Kopek needs, whatever Node called us.
// Plain JavaScript on purpose: it must say something useful on any Node from 20 on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_NEEDED = 24;
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Replaces this process, as far as signals and the exit code go, by `file` on Node 24. */
export async function run(file, args) {
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'kopek');
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_NEEDED) {
    const { enableCompileCache } = await import('node:module');
    enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
    process.argv = [process.argv[0], join(root, file), ...args];
    await import(join(root, file));
    return;
  }
  const node = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) {
    console.error(
      `\n  ✗ Node ${process.versions.node} runs this command, Kopek needs ${NODE_MAJOR_NEEDED}.` +
        '                              KOP-0101\n' +
        '    `npm ci` installs it beside the other packages. If it did run, its install scripts were\n' +
        '    blocked: run  npm rebuild node  and start again.\n',
    );
    process.exit(2);
  }
  const child = spawn(node, [join(root, file), ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2);
  await run(file, args);
}
