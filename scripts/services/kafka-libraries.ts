import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { installPackages } from './install.ts';
import { findJava, JAVA_NEEDED } from './java.ts';
import { findProgram, runProgram } from './run-program.ts';
import { ServiceFault, type Setting } from './service.ts';

/** Java, and all jars that the broker and its tools consist of. */
export interface KafkaLibraries {
  readonly java: string;
  readonly version: string;
  /** Holds every jar. */
  readonly folder: string;
}

const POM = join(import.meta.dirname, 'kafka', 'pom.xml');
/** What follows is how to ask mvn for more. */
const ERROR_LINES = 2;
const COPY_LIMIT_MS = 5 * 60_000;
/** Without a Java of its own Debian's mvn brings the default one, which is 17 or newer. */
const PACKAGES = { java: 'default-jre-headless', mvn: 'maven' } as const;

/** Fetches them once for each version of our pom.xml; later starts need neither mvn nor a network. */
export async function kafkaLibraries(setting: Setting): Promise<KafkaLibraries> {
  const { install, say } = setting;
  const { version, folder } = await describeLibraries(setting.folder);
  const present = existsSync(folder);
  const missing = async () => [
    ...((await findJava()) ? [] : [PACKAGES.java]),
    ...(present || findProgram('mvn') ? [] : [PACKAGES.mvn]),
  ];
  const packages = await missing();
  if (packages.length > 0 && install) await installPackages({ packages, silence: [], say });
  const still = packages.length > 0 ? await missing() : [];
  if (still.length > 0) throw lacking(still);
  if (!present) await copyLibraries(setting, folder, version);
  return { java: (await findJava()) ?? '', version, folder };
}

/** Those that were fetched before, for the tools of a service that runs. */
export async function presentLibraries(folder: string): Promise<KafkaLibraries> {
  const [java, libraries] = [await findJava(), await describeLibraries(folder)];
  if (java && existsSync(libraries.folder)) return { java, ...libraries };
  throw new ServiceFault('Kafka has not been started here yet.', [
    'npm run services -- start kafka',
  ]);
}

async function describeLibraries(folder: string): Promise<Omit<KafkaLibraries, 'java'>> {
  const pom = await readFile(POM, 'utf8');
  const version = readKafkaVersion(pom);
  const hash = createHash('sha256').update(pom).digest('hex').slice(0, 8);
  return { version, folder: join(folder, 'lib', `${version}-${hash}`) };
}

export function readKafkaVersion(pom: string): string {
  const version = /<kafka\.version>([^<]+)</.exec(pom)?.[1];
  if (!version) throw new Error('pom.xml names no kafka.version');
  return version;
}

/** Made beside its place and then moved there: a copy that was broken off is no copy. */
async function copyLibraries({ folder, say }: Setting, target: string, version: string) {
  say(`fetching Kafka ${version} with mvn`);
  const parent = join(folder, 'lib');
  await rm(parent, { recursive: true, force: true }); // those of another version, and what was broken off
  await mkdir(parent, { recursive: true });
  const fresh = `${target}.${process.pid}`;
  const copy = [
    'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${fresh}`,
  ];
  const repository = (await homeIsOurs()) ? [] : [`-Dmaven.repo.local=${join(folder, 'm2')}`];
  const options = ['-q', '-B', '-Dstyle.color=never', '--strict-checksums', '-f', POM];
  const { code, output } = await runProgram('mvn', [...options, ...repository, ...copy], {
    limitMs: COPY_LIMIT_MS,
    folder,
  });
  const jars = code === 0 ? await readdir(fresh).catch(() => []) : [];
  if (jars.length === 0) {
    const lines = output.split('\n').slice(0, ERROR_LINES).join('\n');
    throw new ServiceFault(`mvn could not fetch Kafka ${version}:\n${lines}`, [
      'It takes it from Maven Central, or from the mirror in ~/.m2/settings.xml.',
    ]);
  }
  await rename(fresh, target);
}

/** Users such as nobody have a home that does not exist: then Maven's repository lies beside the copy. */
async function homeIsOurs(): Promise<boolean> {
  const { homedir } = userInfo();
  return access(homedir, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function lacking(packages: readonly string[]): ServiceFault {
  const names = packages.join(' ');
  return new ServiceFault(
    `Kafka needs Java ${JAVA_NEEDED} or newer, and mvn to fetch it once; ${names} would bring what is missing.`,
    [
      'As root on Debian or alike:  npm run services -- start kafka --install',
      `Or by hand:                  apt-get install --no-install-recommends ${names}`,
    ],
  );
}
