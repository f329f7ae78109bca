import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runAs } from '#run-as';
import { giveFolder } from './give-folder.ts';
import { installPackages } from './install.ts';
import { lastingPorts } from './ports.ts';
import { findProgram } from './run-program.ts';
import { type Prepared, type Service, ServiceFault, type Setting } from './service.ts';

/** Not /usr/sbin/rabbitmq-server: that one insists on root or its own user, and on the paths of the package. */
const SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const PACKAGE = 'rabbitmq-server';
const NAME_MAPPER_UNITS = ['epmd.service', 'epmd.socket'] as const;
const PACKAGE_USER = 'rabbitmq';

/** RabbitMQ as its package brings it, on ports, paths, a name mapper and a user of our own: it touches nothing global. */
export const rabbitmq: Service = { prepare };

async function prepare(setting: Setting): Promise<Prepared> {
  const server = await findServer(setting);
  const epmd = findProgram('epmd');
  if (!epmd) throw new ServiceFault('RabbitMQ is here, but not the epmd of Erlang.');
  const { home } = setting;
  await mkdir(home, { recursive: true });
  const as = await runAs([home], PACKAGE_USER);
  const identity = await ownIdentity(home);
  const ports = await lastingPorts(join(home, 'ports.json'), ['amqp', 'distribution', 'epmd']);
  await writeSettings(home, { ...identity, port: ports.amqp });
  if (as) await giveFolder(home, as);
  const env = environment({ home, node: identity.node, ports, path: dirname(server) });
  const program = { env, folder: home, as };
  const nameMapperLog = join(setting.folder, 'epmd.log');
  const serverLog = join(setting.folder, 'server.log');
  return {
    url: `amqp://${identity.user}:${identity.password}@127.0.0.1:${ports.amqp}`,
    programs: [
      // Our own, in the foreground: the one that Erlang starts by itself would outlive the broker.
      {
        ...{ ...program, label: 'epmd', command: epmd, logFile: nameMapperLog },
        args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
      },
      { ...program, label: 'rabbitmq', command: server, args: [], logFile: serverLog },
    ],
    logFiles: [nameMapperLog, serverLog, join(home, 'log', 'rabbitmq.log')],
  };
}

async function findServer({ install, say }: Setting): Promise<string> {
  const find = () => findProgram('rabbitmq-server', [SERVER]);
  if (!find() && install) {
    // Erlang brings the name mapper of the whole machine: not ours to touch where it was there before.
    const nameMapper = findProgram('epmd') ? [] : NAME_MAPPER_UNITS;
    await installPackages({ packages: [PACKAGE], silence: [PACKAGE, ...nameMapper], say });
  }
  const found = find();
  if (found) return found;
  throw new ServiceFault('RabbitMQ is not installed.', [
    'As root on Debian or alike:  npm run services -- start rabbitmq --install',
    `Or by hand:                  apt-get install --no-install-recommends ${PACKAGE}`,
  ]);
}

interface Identity {
  /** Data belong to the node of this name, so it outlives a move of the folder. */
  readonly node: string;
  readonly user: string;
  readonly password: string;
}

/** Made once. RabbitMQ creates the user when it creates its data, so both live and go together. */
async function ownIdentity(home: string): Promise<Identity> {
  const path = join(home, 'identity.json');
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known) return JSON.parse(known);
  const identity = {
    node: `kopek_${randomBytes(4).toString('hex')}@localhost`,
    user: 'kopek',
    password: randomBytes(18).toString('hex'),
  };
  await writeFile(path, JSON.stringify(identity), { mode: 0o600 });
  return identity;
}

async function writeSettings(home: string, { user, password, port }: Identity & { port: number }) {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    `default_user = ${user}`,
    `default_pass = ${password}`,
    'log.file.level = warning',
  ];
  const secret = { mode: 0o600 };
  await writeFile(join(home, 'rabbitmq.conf'), `${lines.join('\n')}\n`, secret);
  await writeFile(join(home, 'enabled_plugins'), '[].\n');
  const cookie = join(home, '.erlang.cookie');
  const known = await readFile(cookie, 'utf8').catch(() => '');
  if (known === '') await writeFile(cookie, randomBytes(20).toString('hex'), secret);
  await chmod(cookie, 0o400);
}

interface Places {
  readonly home: string;
  readonly node: string;
  readonly ports: { readonly distribution: number; readonly epmd: number };
  /** Where the scripts of RabbitMQ stand. */
  readonly path: string;
}

function environment({ home, node, ports, path }: Places): Record<string, string> {
  return {
    PATH: `${path}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    LC_ALL: 'C.UTF-8',
    HOME: home,
    // The script then becomes the Erlang machine instead of watching over it: one process, whose pid is the broker's.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_CONF_ENV_FILE: join(home, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(home, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'log'),
    RABBITMQ_LOGS: join(home, 'log', 'rabbitmq.log'),
    RABBITMQ_NODENAME: node,
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
}
