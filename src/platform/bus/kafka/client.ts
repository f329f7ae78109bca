import type { Admin, Consumer, Producer } from '@platformatic/kafka';
import { waitAtMost } from '#bus/patience';
import { AppError, messageOf } from '#errors';
import type { Log } from '#log';

type Kafka = typeof import('@platformatic/kafka');

/** What speaks to one cluster: made when first used, because loading the client takes half a second. */
export interface KafkaClient {
  /** Throws `unavailable` with the reason while the cluster does not answer. */
  ready(): Promise<void>;
  parts(): Promise<KafkaParts>;
  /**
   * What `parts` were asked for, or `unavailable` after longer than every timeout of theirs: then they are made anew. A promise of the
   * client that is never kept would stop whoever waits for it for good.
   */
  answered<Answer>(parts: KafkaParts, asked: Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

export interface KafkaParts {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly producer: Producer<string, string, string, string>;
  /** Only fetches: who reads what is decided by leases, and how far by rows of the database. */
  readonly fetcher: Consumer;
}

const CONNECT_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A request, and the connection that it may have had to wait for. */
const ANSWER_PATIENCE_MS = 15_000;
/** A cluster that answered a moment ago is taken for present. */
const PRESENT_MS = 2000;

export function createKafkaClient(
  url: string,
  name: string,
  log: Log,
  { patienceMs = ANSWER_PATIENCE_MS }: { readonly patienceMs?: number } = {},
): KafkaClient {
  const address = readKafkaUrl(url);
  let made: Promise<KafkaParts> | undefined;
  let presentUntilMs = 0;
  let wasAway = false;

  async function make(): Promise<KafkaParts> {
    const kafka = await import('@platformatic/kafka');
    const shared = {
      ...{ clientId: name.replaceAll(/[^\w.-]/g, '-'), bootstrapBrokers: [...address.brokers] },
      ...{ connectTimeout: CONNECT_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
      ...{ retries: 0, metadataMaxAge: REQUEST_TIMEOUT_MS, autocreateTopics: false },
      ...(address.tls ? { tls: {} } : {}),
      ...(address.sasl ? { sasl: address.sasl } : {}),
    };
    const producer = new kafka.Producer<string, string, string, string>({
      // Two tries more, a moment apart: fewer than that the client would take for "for ever".
      ...{ ...shared, retries: 2, retryDelay: 200 },
      ...{ idempotent: true, serializers: kafka.stringSerializers },
    });
    // A group of its own that nobody joins: `fetch` asks nobody.
    const fetcher = new kafka.Consumer({ ...shared, groupId: 'kopek' });
    return { kafka, admin: new kafka.Admin(shared), producer, fetcher };
  }

  const parts = () => (made ??= make());

  return {
    parts,
    async answered(asked, answer) {
      if (await waitAtMost(answer, patienceMs)) return answer;
      const mine = await made?.catch(() => undefined);
      if (mine === asked) made = undefined;
      void closeParts(asked);
      const why = `Kafka's client gave no answer within ${patienceMs} ms: it is made anew`;
      log.warn({ patienceMs }, why);
      throw new AppError('unavailable', 'broker_away', why);
    },
    async ready() {
      if (performance.now() < presentUntilMs) return;
      const { admin } = await parts();
      try {
        const asked = admin.metadata({ topics: [], forceUpdate: true });
        if (!(await waitAtMost(asked, CONNECT_TIMEOUT_MS))) throw new Error('it does not answer');
        await asked;
        presentUntilMs = performance.now() + PRESENT_MS;
        if (wasAway) log.info('Kafka is there');
        wasAway = false;
      } catch (error) {
        const reason = reasonOf(error);
        if (!wasAway) log.warn({ reason }, 'Kafka is away');
        wasAway = true;
        throw new AppError('unavailable', 'broker_away', `Kafka can't be reached: ${reason}`, {
          cause: error,
        });
      }
    },
    async close() {
      if (made) await closeParts(await made);
    },
  };
}

async function closeParts({ admin, fetcher, producer }: KafkaParts): Promise<void> {
  await Promise.allSettled([producer.close(true), fetcher.close(true), admin.close()]);
}

/** The innermost words: the client wraps what the socket says several times. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return reasonOf(error.errors.at(-1));
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : reasonOf(cause);
}

/** Whether the cluster could not be asked, rather than that it refused. */
export function isAway(kafka: Kafka, error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const codes = ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT', 'PLT_KFK_AUTHENTICATION'];
  return codes.some((code) => kafka.findErrorBy(error, 'code', code) !== null);
}

export interface KafkaAddress {
  readonly brokers: readonly string[];
  readonly tls: boolean;
  readonly sasl:
    | { readonly mechanism: Mechanism; readonly username: string; readonly password: string }
    | undefined;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
type Mechanism = (typeof MECHANISMS)[number];

const SHAPE =
  /^(kafkas?):\/\/(?:([^:@/?\s]+):([^@/?\s]*)@)?([\w.-]+(?::\d+)?(?:,[\w.-]+(?::\d+)?)*)\/?(?:\?mechanism=([\w-]+))?$/;

/** `kafka://user:password@one:9092,two:9092?mechanism=SCRAM-SHA-256`; `kafkas:` over TLS. Throws `bus_url_malformed`. */
export function readKafkaUrl(url: string): KafkaAddress {
  const [, scheme, username, password = '', hosts = '', asked = 'PLAIN'] = SHAPE.exec(url) ?? [];
  const mechanism = MECHANISMS.find((one) => one === asked.toUpperCase());
  if (scheme === undefined || mechanism === undefined) {
    const why =
      'a Kafka URL is kafka://host:port,host:port (kafkas: for TLS, ?mechanism= for SASL)';
    throw new AppError('invalid', 'bus_url_malformed', why);
  }
  const credentials = {
    username: decodeURIComponent(username ?? ''),
    password: decodeURIComponent(password),
  };
  return {
    brokers: hosts.split(',').map((host) => (host.includes(':') ? host : `${host}:9092`)),
    tls: scheme === 'kafkas',
    sasl: username === undefined ? undefined : { mechanism, ...credentials },
  };
}
