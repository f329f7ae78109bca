import type { Acquirer, Site } from './acquirer.ts';
import type { Delivery } from './change.ts';
import { Postman } from './post.ts';
import type { Notification, NotificationFields, NotificationType } from './records.ts';
import { type Manner, manners } from './scenarios.ts';

const attemptsMax = 100;
const gapsMinutes = [1, 2, 5, 10, 30] as const;
const minuteMs = 60_000;

/** A notification, and how it will come. */
export interface Plan {
  readonly notification: Notification;
  readonly manner: Manner | undefined;
}

/** Tells merchants what has happened, again and again until they say `{"code":0}`. */
export class Notifier {
  readonly postman = new Postman();
  readonly #acquirer: Acquirer;
  /** By terminal: what waits for the next one to go first. */
  readonly #held = new Map<string, number[]>();

  constructor(acquirer: Acquirer) {
    this.#acquirer = acquirer;
  }

  /** Nothing where the merchant does not want to hear of it. */
  make(
    site: Site,
    type: NotificationType,
    about: { readonly id: number | null; readonly invoiceId: string | null },
    fields: NotificationFields,
  ): readonly Notification[] {
    if (!this.#acquirer.addressOf(site, type).IsEnabled) return [];
    const nowMs = this.#acquirer.clock.now();
    return [
      {
        ...{ id: this.#acquirer.store.nextNotificationId(), site: site.publicId, type },
        ...{ transactionId: about.id, invoiceId: about.invoiceId, fields, createdMs: nowMs },
        ...{ state: 'waiting', attempts: 0, nextMs: nowMs, lastAnswer: '' },
      },
    ];
  }

  /** How it will come is drawn before it is written: what is lost on purpose is written as lost. */
  plan(notification: Notification): Plan {
    const { board, settings } = this.#acquirer;
    const scenario = board.size === 0 ? undefined : board.take('manner', factsOf(notification));
    const manner = scenario ? mannerOf(scenario.name) : this.#drawManner();
    if (manner === 'missing')
      return { manner, notification: { ...notification, state: 'missing' } };
    const { max, min } = settings.notificationDelayMs;
    const lateMs = scenario?.delayMs ?? settings.lateMs;
    const isHeld = manner === 'late' || manner === 'reordered';
    const span = max === 0 ? 0 : min + this.#acquirer.draw('notification-delay') * (max - min);
    const delayMs = Math.round(span) + (isHeld ? lateMs : 0);
    return { manner, notification: { ...notification, nextMs: notification.nextMs + delayMs } };
  }

  /** To be called when it is written. Resolves when an `early` one has been tried. */
  async start({ manner, notification }: Plan): Promise<void> {
    const { id, nextMs, site } = notification;
    if (manner === 'missing') return;
    if (manner === 'early') return this.#attempt(id, 1);
    if (manner === 'reordered') this.#held.set(site, [...(this.#held.get(site) ?? []), id]);
    const copies = manner === 'duplicated' ? 2 + Math.floor(this.#acquirer.draw('copies') * 2) : 1;
    this.#acquirer.clock.at(nextMs, () => this.#attempt(id, copies));
  }

  /** What a crash has left undone. */
  resume(): void {
    for (const { id, nextMs, state } of this.#acquirer.store.notifications.values()) {
      if (state === 'waiting') this.#acquirer.clock.at(nextMs, () => this.#attempt(id, 1));
    }
  }

  /** By hand, whatever has become of it. */
  async resend(id: number): Promise<Notification | undefined> {
    const notification = this.#acquirer.store.notifications.get(id);
    if (notification) await this.#try(notification, 1);
    return this.#acquirer.store.notifications.get(id);
  }

  clear(): void {
    this.#held.clear();
  }

  async #attempt(id: number, copies: number): Promise<void> {
    const notification = this.#acquirer.store.notifications.get(id);
    // Sent by hand meanwhile, released from being held, or forgotten with everything else.
    if (notification?.state !== 'waiting') return;
    await this.#try(notification, copies);
    const held = this.#held.get(notification.site)?.filter((each) => each !== id) ?? [];
    this.#held.delete(notification.site);
    for (const each of held) await this.#attempt(each, 1);
  }

  async #try(notification: Notification, copies: number): Promise<void> {
    const { clock, settings, sites, store } = this.#acquirer;
    const site = sites.get(notification.site);
    if (!site) return;
    const post = {
      address: this.#acquirer.addressOf(site, notification.type),
      fields: notification.fields,
      secret: site.settings.apiSecret,
      body: site.settings.body,
      timeoutMs: settings.notificationTimeoutMs,
    };
    const posts = Array.from({ length: copies }, () => this.postman.post(post));
    const [answer] = await Promise.all(posts);
    if (!answer || !store.notifications.has(notification.id)) return;
    const isTaken = answer.outcome === 'said' && answer.code === 0;
    const attempts = notification.attempts + 1;
    this.#acquirer.count('notification', `${notification.type} ${isTaken ? 'taken' : 'not-taken'}`);
    const said = answer.outcome === 'said' ? `code ${answer.code}` : answer.detail;
    const nextMs = clock.now() + gapMs(attempts);
    const state = isTaken ? 'delivered' : attempts >= attemptsMax ? 'given-up' : 'waiting';
    const delivery: Delivery = { id: notification.id, state, attempts, nextMs, lastAnswer: said };
    store.commit({ deliveries: [delivery] });
    if (state === 'waiting') clock.at(nextMs, () => this.#attempt(notification.id, 1));
  }

  #drawManner(): Manner | undefined {
    const { delayed, duplicated, early, lost } = this.#acquirer.settings;
    if (delayed + duplicated + early + lost === 0) return undefined;
    let draw = this.#acquirer.draw('manner');
    const shares = { duplicated, late: delayed, early, missing: lost, reordered: 0 };
    return manners.find((manner) => {
      draw -= shares[manner];
      return draw < 0;
    });
  }
}

function factsOf({ fields, invoiceId, site, type }: Notification) {
  const { AccountId, CardId, Token } = fields;
  return {
    publicId: site,
    type,
    invoiceId: invoiceId ?? undefined,
    accountId: AccountId,
    cardId: CardId,
    token: Token,
  };
}

function mannerOf(name: string): Manner | undefined {
  return manners.find((manner) => name.endsWith(manner));
}

function gapMs(attempts: number): number {
  return (gapsMinutes[attempts - 1] ?? 30) * minuteMs;
}
