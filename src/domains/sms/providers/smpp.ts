import type { Clock } from '#clock';
import { measureText } from '#gsm';
import { type Log, silentLog } from '#log';
import type { TransactionLogEntry } from '#operators';
import { type ReconnectPauses, type Reply, type Request, SmppClient, STATUSES } from '#smpp';
import type {
  SmsCapabilities,
  SmsOrder,
  SmsOutcome,
  SmsProvider,
  SmsQuestion,
  StatusReport,
} from '#sms/provider';
import { destinationAddress, sourceAddress } from './smpp/addresses.ts';
import { faultsOf } from './smpp/faults.ts';
import { Incoming } from './smpp/incoming.ts';
import { type MessageIds, messageIdsOf } from './smpp/message-ids.ts';
import { toRequests } from './smpp/order-requests.ts';
import { readQuery } from './smpp/reports.ts';
import {
  type GivenSmppSettings,
  type SmppSecrets,
  type SmppSettings,
  withDefaults,
} from './smpp/settings.ts';
import { longestSubmissionMs, submitParts } from './smpp/submission.ts';

export interface SmppProviderOptions {
  /** As the house knows it. */
  readonly name: string;
  readonly settings: GivenSmppSettings;
  readonly secrets: SmppSecrets;
  readonly clock: Clock;
  readonly log?: Log;
  readonly pauses?: Partial<ReconnectPauses>;
}

const MARGIN_MS = 5000;
const DRAIN_MS = 5000;

/**
 * A provider over an SMPP session, which is bound when it is first asked whether it is `ready`, or for anything else, and
 * again whenever it ends, until `close`. Whoever only listens, or looks at what it can do, takes no session of the centre's.
 */
export function createSmppProvider(options: SmppProviderOptions): SmsProvider {
  const talk = new SmppTalk(options);
  const { cancel, status } = talk.capabilities;
  return {
    name: options.name,
    capabilities: talk.capabilities,
    longestMs: () => talk.longestMs(),
    send: (order) => talk.send(order),
    ...(status ? { ask: (questions: readonly SmsQuestion[]) => talk.ask(questions) } : {}),
    ...(cancel ? { cancel: (question: SmsQuestion) => talk.cancel(question) } : {}),
    listen: (listener) => talk.listen(listener),
    ready: () => talk.ready(),
    close: () => talk.close(),
  };
}

class SmppTalk {
  readonly capabilities: SmsCapabilities;
  readonly #options: SmppProviderOptions;
  readonly #settings: SmppSettings;
  readonly #ids: MessageIds;
  readonly #incoming: Incoming;
  #client: SmppClient | undefined;
  #reference = Math.floor(Math.random() * 0x10000);
  #closed = false;

  constructor(options: SmppProviderOptions) {
    const settings = withDefaults(options.settings);
    this.#options = options;
    this.#settings = settings;
    this.#ids = messageIdsOf(settings.message_ids);
    const log = options.log ?? silentLog();
    this.#incoming = new Incoming({ settings, ids: this.#ids, log, name: options.name });
    const { cancel, query, registered_delivery, segments_max, validity } = settings;
    this.capabilities = {
      receipts: registered_delivery > 0 ? 'push' : query ? 'poll' : 'none',
      ...{ inquiry: 'none', status: query, cancel, balance: false },
      validity: validity === 'none' ? 'none' : 'second',
      segmentsMax: segments_max,
    };
  }

  /** The first part, then the others and their second tries. */
  longestMs(): number {
    const { response_timeout_ms, wait_timeout_ms } = this.#settings;
    const limits = { responseMs: response_timeout_ms, waitMs: wait_timeout_ms };
    return longestSubmissionMs(this.#settings.segments_max, limits) + MARGIN_MS;
  }

  async send(order: SmsOrder) {
    const beganMs = performance.now();
    const requests = this.#toRequests(order);
    const result = Array.isArray(requests) ? await this.#submit(order, requests) : requests;
    const parts = Array.isArray(requests) ? requests.length : 0;
    return { result, log: [this.#toEntry(order, { result, parts, beganMs })] };
  }

  listen(listener: Incoming['listener'] & {}): void {
    this.#incoming.listener = listener;
  }

  ready(): boolean {
    return this.#open().ready;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#incoming.close();
    await this.#client?.close(DRAIN_MS);
    await this.#incoming.close();
  }

  /** Questions by the centre's ids, in the window as everything else; what is not known is not answered. */
  async ask(questions: readonly SmsQuestion[]): Promise<readonly StatusReport[]> {
    const asked = questions.flatMap((question) =>
      question.providerMessageIds.map((id) => this.#query(question, id)),
    );
    return (await Promise.all(asked)).filter((report) => report !== undefined);
  }

  /** All parts or none: a message of which one part can't be taken back is on its way. */
  async cancel(question: SmsQuestion): Promise<'cancelled' | 'too_late' | 'unknown'> {
    const { providerMessageIds } = question;
    if (providerMessageIds.length === 0) return 'unknown';
    const replies = await Promise.all(providerMessageIds.map((id) => this.#revoke(question, id)));
    const statuses = replies.map((reply) =>
      reply.outcome === 'answered' && reply.pdu.command === 'cancel_sm_resp'
        ? reply.pdu.status
        : undefined,
    );
    if (statuses.every((status) => status === STATUSES.ESME_ROK)) return 'cancelled';
    return statuses.includes(STATUSES.ESME_RCANCELFAIL) ? 'too_late' : 'unknown';
  }

  #toRequests(order: SmsOrder): SmsOutcome | Request<'submit_sm'>[] {
    this.#reference = (this.#reference + 1) & 0xffff;
    const { clock } = this.#options;
    return toRequests(order, {
      ...{ settings: this.#settings, reference: this.#reference, now: clock.now() },
    });
  }

  async #submit(order: SmsOrder, parts: Request<'submit_sm'>[]): Promise<SmsOutcome> {
    const outcome = await submitParts({
      ...{ line: this.#open(), parts, faultOf: faultsOf(this.#settings.errors) },
      readId: this.#ids.ofResponse,
      waitMs: this.#settings.wait_timeout_ms,
      late: (ids) => this.#reportLate(order, ids),
    });
    if (outcome.outcome !== 'accepted') return outcome;
    // What goes as one payload is cut by the centre, and paid for as it is cut.
    const cut = this.#settings.long_messages === 'payload';
    return { ...outcome, segments: cut ? measureText(order.body).segments : parts.length };
  }

  #reportLate(order: SmsOrder, ids: readonly string[]): void {
    const reports = ids.map((providerMessageId) => {
      return { providerMessageId, sms: order.sms, state: 'accepted' } as const;
    });
    // Nobody waits for it; without it the message stays unknown, and its receipts say more.
    this.#incoming.report(reports).catch(() => {});
  }

  async #query(question: SmsQuestion, id: string): Promise<StatusReport | undefined> {
    const body = { messageId: this.#ids.toCentre(id), ...this.#sourceOf(question) };
    const reply = await this.#request({ command: 'query_sm', body });
    if (reply.outcome !== 'answered' || reply.pdu.command !== 'query_sm_resp') return undefined;
    const { pdu } = reply;
    const { sms } = question;
    const read = pdu.status === STATUSES.ESME_ROK ? readQuery(pdu, id, this.#settings) : undefined;
    if (read) return { ...read, sms };
    return pdu.status === STATUSES.ESME_RINVMSGID
      ? { providerMessageId: id, sms, state: 'not_found' }
      : undefined;
  }

  #revoke(question: SmsQuestion, id: string): Promise<Reply> {
    const { addresses, service_type } = this.#settings;
    const destination = destinationAddress(question.recipient, addresses);
    return this.#request({
      command: 'cancel_sm',
      body: {
        ...{ serviceType: service_type, messageId: this.#ids.toCentre(id) },
        ...this.#sourceOf(question),
        ...{ destinationTon: destination.ton, destinationNpi: destination.npi },
        destination: destination.address,
      },
    });
  }

  /** SMPP 3.4, §4.8.1 and §4.9.1: the sender that the message was submitted with; a centre compares it. */
  #sourceOf({ sender }: SmsQuestion) {
    const { address, npi, ton } = sourceAddress(sender, this.#settings.addresses);
    return { sourceTon: ton, sourceNpi: npi, source: address };
  }

  #request(request: Request<'query_sm' | 'cancel_sm'>): Promise<Reply> {
    const untilMs = performance.now() + this.#settings.wait_timeout_ms;
    return new Promise((done) => this.#open().request(request, { untilMs, done }));
  }

  #open(): SmppClient {
    this.#client ??= this.#connect();
    return this.#client;
  }

  #connect(): SmppClient {
    const { log, name, pauses, secrets } = this.#options;
    const { host, port, tls, tls_authority: ca, ...settings } = this.#settings;
    const client = new SmppClient({
      ...{ host, port, window: settings.window, responseMs: settings.response_timeout_ms },
      ...{ enquireMs: settings.enquire_link_ms },
      ...(tls ? { tls: { servername: host, ...(ca ? { ca } : {}) } } : {}),
      ...(pauses ? { pauses } : {}),
      bind: {
        ...{ systemId: settings.system_id, password: secrets.password },
        ...{ systemType: settings.system_type, address: settings.address_range },
      },
      take: (pdu, session) => this.#incoming.take(pdu, session),
      tell: (event) =>
        log?.[event.event === 'bound' ? 'info' : 'warn']({ provider: name, event }, 'smpp session'),
    });
    if (this.#closed) void client.close(0);
    return client;
  }

  #toEntry(
    order: SmsOrder,
    said: { readonly result: SmsOutcome; readonly parts: number; readonly beganMs: number },
  ): TransactionLogEntry {
    const { beganMs, parts, result } = said;
    return {
      at: this.#options.clock.now().toISOString(),
      ...{
        operator: this.#options.name,
        kind: 'sms',
        msisdn: order.recipient,
        reference: order.sms,
      },
      decision: result.outcome,
      ...(result.outcome === 'accepted' ? {} : { code: result.reason }),
      took_ms: Math.round(performance.now() - beganMs),
      request: `${order.sender}: ${order.body.length} letters, parts: ${parts}`,
      response:
        result.outcome === 'accepted'
          ? `ids ${result.providerMessageIds.join(' ')}`.slice(0, 500)
          : result.reason,
    };
  }
}
