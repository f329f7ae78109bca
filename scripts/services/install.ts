import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { findProgram, runProgram } from './run-program.ts';
import { ServiceFault } from './service.ts';

const LIMIT_MS = 5 * 60_000;
const OUTPUT_LINES = 12;
const POLICY = '/usr/sbin/policy-rc.d';
const FORBIDDEN = 101;

/** Asked by Debian before a package starts its service: no, as long as our process lives. */
const policy = (pid: number) => `#!/bin/sh
# Written while \`npm run services\` installs a package, and harmless if it was left behind.
case "$1" in rabbitmq-server*|epmd*) kill -0 ${pid} 2>/dev/null && exit ${FORBIDDEN} ;; esac
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
  if (process.getuid?.() !== 0) {
    const byHand = `Install it by hand: apt-get install --no-install-recommends ${names}`;
    throw new ServiceFault(`Only root can install ${names}.`, [byHand]);
  }
  const aptGet = findProgram('apt-get');
  if (!aptGet) throw new ServiceFault(`There is no apt-get to install ${names} with.`);
  say(`installing ${names}`);
  const options = { limitMs: LIMIT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const run = (args: readonly string[]) =>
    runProgram(aptGet, ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], options);
  const updated = await run(['update']);
  const keptSilent = silence.length > 0 && (await forbidStarts());
  const installed = await run(['install', '-y', '--no-install-recommends', ...packages]).finally(
    () => (keptSilent ? rm(POLICY, { force: true }) : undefined),
  );
  if (installed.code !== 0) {
    const output = `${updated.output}\n${installed.output}`.trim().split('\n').slice(-OUTPUT_LINES);
    throw new ServiceFault(`apt-get could not install ${names}:\n${output.join('\n')}`);
  }
  for (const service of silence) await disable(service, { stop: !keptSilent });
}

/** False when the machine has a policy of its own, which is left as it is. */
async function forbidStarts(): Promise<boolean> {
  if (existsSync(POLICY)) return false;
  await writeFile(POLICY, policy(process.pid), { mode: 0o755 });
  return true;
}

/** It does not start at the next boot. Where the machine's own policy let it start, it is stopped. */
async function disable(service: string, { stop }: { readonly stop: boolean }): Promise<void> {
  const options = { limitMs: LIMIT_MS };
  if (existsSync('/run/systemd/system')) {
    await runProgram('systemctl', ['disable', '--now', service], options);
    return;
  }
  await runProgram('update-rc.d', [service, 'disable'], options);
  // Not in vain: to find out that it does not run, RabbitMQ's script would start an epmd for the whole machine.
  const allowed =
    stop && (await runProgram(POLICY, [service, 'start'], options)).code !== FORBIDDEN;
  if (allowed) await runProgram('service', [service, 'stop'], options);
}
