import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { findProgram, type Ran, runProgram } from './run-program.ts';
import { ServiceFault } from './service.ts';

const LIMIT_MS = 5 * 60_000;
const POLICY = '/usr/sbin/policy-rc.d';

/** Asked by Debian before a package starts its service: no, as long as our process lives. */
const policy = (pid: number) => `#!/bin/sh
# Written while \`npm run services\` installs a package, and harmless if it was left behind.
case "$1" in rabbitmq-server*|epmd*) kill -0 ${pid} 2>/dev/null && exit 101 ;; esac
exit 0
`;

export interface Installation {
  readonly packages: readonly string[];
  /** The services that these packages would start now and at each boot: we start our own. */
  readonly silence: readonly string[];
  say(line: string): void;
}

/** Installs packages of Debian or alike. Throws what to do when it can't be done here. */
export async function installPackages({ packages, silence, say }: Installation): Promise<void> {
  const names = packages.join(' ');
  const byHand = `Install it by hand: apt-get install --no-install-recommends ${names}`;
  if (process.getuid?.() !== 0) {
    throw new ServiceFault(`Only root can install ${names}.`, [byHand]);
  }
  const aptGet = findProgram('apt-get');
  if (!aptGet) throw new ServiceFault(`There is no apt-get to install ${names} with.`);
  say(`installing ${names}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args: readonly string[]) =>
    runProgram(aptGet, ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      limitMs: LIMIT_MS,
      env,
    });
  const updated = await run(['update']);
  const install = () => run(['install', '-y', '--no-install-recommends', ...packages]);
  const installed = silence.length > 0 ? await unstarted(install) : await install();
  if (installed.code !== 0) {
    const output = [updated.output, installed.output].join('\n').trim().split('\n').slice(-12);
    throw new ServiceFault(`apt-get could not install ${names}:\n${output.join('\n')}`);
  }
  for (const service of silence) await disable(service);
}

/** Runs `work` while packages may not start what they bring. */
async function unstarted(work: () => Promise<Ran>): Promise<Ran> {
  if (existsSync(POLICY)) return work(); // the machine has a policy of its own: an image, most likely
  await writeFile(POLICY, policy(process.pid), { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}

/** Where a policy of the machine let it start it is stopped; and it does not start at the next boot. */
async function disable(service: string): Promise<void> {
  const options = { limitMs: LIMIT_MS };
  if (existsSync('/run/systemd/system')) {
    await runProgram('systemctl', ['disable', '--now', service], options);
    return;
  }
  await runProgram('service', [service, 'stop'], options);
  await runProgram('update-rc.d', [service, 'disable'], options);
}
