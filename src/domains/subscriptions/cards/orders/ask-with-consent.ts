import type { Tx } from '#database';
import { formatRowId } from '#ids';
import type { CardCase } from '#subscriptions/cards/card-case';
import type { CardContext } from '#subscriptions/cards/card-context';
import type { SwitchPreview } from '#subscriptions/cards/switching';
import { subscriptionId } from '#subscriptions/subscription';
import { type PaymentCommand, paymentCommands } from '#subscriptions/topics';
import { writeNewConsent } from './new-consent.ts';
import type { StartConsent } from './order.ts';

// Commands that need a new yes: it is written down in the transaction that asks for them, and kept whatever comes of them.

interface Asked {
  /** The caller's own `cmd_…`, so that what is pressed twice is one, with one consent; made where it is absent. */
  readonly id?: string;
  readonly consent: StartConsent;
  readonly origin: string;
  readonly actor: string;
}

export interface SwitchWish extends Asked {
  readonly subscription: string;
  readonly to: 'phone' | 'card';
  /** What was shown of it: its price is what the consent is to. */
  readonly preview: Extract<SwitchPreview, { readonly possible: true }>;
  readonly card?: string;
  readonly locale: string;
}

export interface PriceAgreement extends Asked {
  readonly one: CardCase;
  /** In which it was read; that of the subscription without it. */
  readonly locale?: string;
}

export async function askForSwitch(
  context: CardContext,
  tx: Tx,
  wish: SwitchWish,
): Promise<string> {
  const { actor, card, consent, locale, origin, preview, subscription, to } = wish;
  const { msisdn, plan: code, serviceId, version } = preview;
  const { id = nextCommandId(context) } = wish;
  const terms = { serviceId, version };
  const given = { msisdn, code, terms, locale, visit: id, consent };
  const yes = await writeNewConsent(context, tx, given);
  return ask(context, tx, {
    ...{ id, subscription, command: 'switch', to, version, locale, origin, actor, consent: yes },
    ...(card === undefined ? {} : { card }),
    consented_at: consent.confirmedAt.toISOString(),
  });
}

export async function askForPrice(
  context: CardContext,
  tx: Tx,
  agreement: PriceAgreement,
): Promise<string> {
  const { actor, consent, one, origin } = agreement;
  const { move } = one;
  const version = move?.price.version ?? one.version;
  const { key, msisdn, serviceId } = one;
  const { id = nextCommandId(context), locale = one.locale } = agreement;
  const code = one.priced.selection.price.plan;
  const given = { msisdn, code, terms: { serviceId, version }, locale, visit: id, consent };
  const yes = await writeNewConsent(context, tx, given);
  return ask(context, tx, {
    ...{ id, subscription: subscriptionId(key), command: 'agree', version, origin, actor },
    ...{ consent: yes, consented_at: consent.confirmedAt.toISOString() },
  });
}

function nextCommandId({ clock, ids }: CardContext): string {
  return formatRowId('cmd', ids.next(clock.nowMs()));
}

async function ask(
  { bus, clock }: CardContext,
  tx: Tx,
  command: Omit<PaymentCommand, 'at'>,
): Promise<string> {
  const payload = { ...command, at: clock.now().toISOString() };
  await bus.publish(tx, paymentCommands, [{ key: command.subscription, payload }]);
  return command.id;
}
