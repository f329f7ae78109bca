import { type Batcher, createBatcher } from '#batch';
import type { Log } from '#log';
import { type AnyPdu, type SmppSession, STATUSES } from '#smpp';
import type { CallbackReading, MobileOriginated, StatusReport } from '#sms/provider';
import { readAddress } from './addresses.ts';
import { type Joined, JoinedParts } from './joined-parts.ts';
import type { MessageIds } from './message-ids.ts';
import { readIncomingPart } from './read-text.ts';
import { Redeliveries } from './redeliveries.ts';
import { isReceipt, readReceipt } from './reports.ts';
import type { SmppSettings } from './settings.ts';

export type SmppListener = (said: Omit<CallbackReading, 'reply'>) => Promise<void>;
type Said = { readonly report: StatusReport } | { readonly incoming: MobileOriginated };
type ShortMessage = Extract<AnyPdu, { command: 'deliver_sm' | 'data_sm' }>;

export interface IncomingOptions {
  readonly settings: SmppSettings;
  readonly ids: MessageIds;
  readonly log: Log;
  readonly name: string;
}

/** More that is not yet stored is refused for the moment: the centre keeps it better than our memory. */
const WAITING_MOST = 2000;
const BATCH_MOST = 200;

/** What a centre sends by itself: receipts and customers' messages. Each is acknowledged after it has been stored. */
export class Incoming {
  listener: SmppListener | undefined;
  readonly #options: IncomingOptions;
  readonly #batcher: Batcher<Said, void>;
  readonly #joined: JoinedParts;
  readonly #redeliveries = new Redeliveries();

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#batcher = createBatcher({
      ...{ itemsMax: BATCH_MOST, waitingMax: WAITING_MOST, flushesInFlight: 1 },
      flush: (said) => this.#flush(said),
    });
    this.#joined = new JoinedParts(options.settings.join_timeout_ms, (one) => this.#hand(one));
  }

  take(pdu: AnyPdu, session: SmppSession): void {
    if (pdu.command === 'deliver_sm' || pdu.command === 'data_sm') this.#takeMessage(pdu, session);
    else if (pdu.command !== 'outbind' && pdu.command !== 'alert_notification')
      session.refuse(pdu.sequence, STATUSES.ESME_RINVCMDID);
  }

  /** What no provider said, such as an acceptance that came late. */
  async report(reports: readonly StatusReport[]): Promise<void> {
    await Promise.all(reports.map((report) => this.#batcher.add({ report })));
  }

  async close(): Promise<void> {
    this.#joined.close();
    await this.#batcher.drain();
  }

  #takeMessage(pdu: ShortMessage, session: SmppSession): void {
    const answer = (stored: boolean) =>
      session.respond(pdu, stored ? {} : { status: STATUSES.ESME_RX_T_APPN });
    const { body } = pdu;
    if (isReceipt(pdu, this.#options.settings)) this.#takeReceipt(pdu, answer);
    else {
      this.#joined.take({
        ...{ session, answer, arrivedMs: performance.now() },
        ...{ part: readIncomingPart(pdu, this.#options.settings) },
        from: readAddress({ address: body.source, ton: body.sourceTon }),
        to: readAddress({ address: body.destination, ton: body.destinationTon }),
      });
    }
  }

  /** One that can't be read is acknowledged: it would come again for ever, and say no more. */
  #takeReceipt(pdu: ShortMessage, answer: (stored: boolean) => void): void {
    const { ids, log, name, settings } = this.#options;
    const report = readReceipt(pdu, ids, settings);
    if (report) void this.#store({ report }).then(answer);
    else {
      log.warn({ provider: name }, 'a receipt does not say which message it is about');
      answer(true);
    }
  }

  #hand({ answer, arrivedMs, from, session, text, to }: Joined): void {
    const delivery = this.#redeliveries.take([from, to, text], session, arrivedMs);
    void this.#store({ incoming: { id: delivery.id, from, to, text } }).then((stored) => {
      delivery.answered(stored ? 'stored' : 'refused', performance.now());
      answer(stored);
    });
  }

  async #store(said: Said): Promise<boolean> {
    try {
      await this.#batcher.add(said);
      return true;
    } catch (error) {
      const { log, name } = this.#options;
      log.warn({ err: error, provider: name }, 'what a centre said could not be stored');
      return false;
    }
  }

  async #flush(said: readonly Said[]): Promise<void[]> {
    if (!this.listener) throw new Error('nobody listens yet');
    const reports = said.flatMap((one) => ('report' in one ? [one.report] : []));
    const incoming = said.flatMap((one) => ('incoming' in one ? [one.incoming] : []));
    await this.listener({ reports, incoming });
    return [];
  }
}
