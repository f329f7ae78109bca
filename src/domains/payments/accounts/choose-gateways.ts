import { createHash } from 'node:crypto';
import type { CardMethod, GatewayRouting } from './account.ts';

/** An account as the choice sees it. */
export interface RoutableAccount extends GatewayRouting {
  readonly name: string;
  readonly enabled: boolean;
  /** Its breaker is open: it is tried when no other is left. */
  readonly isOpen: boolean;
}

export interface RoutedPayment {
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Of the card, in small letters; absent while nobody has entered one. */
  readonly brand?: string | undefined;
  readonly method: CardMethod;
  /** Accounts that could not carry out what is asked for now again, for a fault of their own: they come after the others. */
  readonly failed?: readonly string[] | undefined;
  /** The payment's id: the same payment is led the same way, by every copy. */
  readonly seed: string;
}

/**
 * Those that may take a payment, in the order in which they are tried. First the one that is drawn by weight, then
 * the others by `reserve`. Behind them those that take some brands only, while the brand is not known yet; then those that have
 * failed at it before; last those whose breaker is open. Accounts of weight 0 are never drawn while there is one with a weight.
 */
export function chooseGateways<Account extends RoutableAccount>(
  accounts: readonly Account[],
  payment: RoutedPayment,
): readonly Account[] {
  const able = accounts
    .filter((account) => mayTake(account, payment))
    .map((account) => ({
      account,
      rank: rankOf(account, payment),
      ticket: drawTicket(account, payment.seed),
    }));
  return [...Map.groupBy(able, ({ rank }) => rank)]
    .toSorted(([one], [other]) => one - other)
    .flatMap(([, equals]) => inOrder(equals))
    .map(({ account }) => account);
}

function mayTake(account: RoutableAccount, payment: RoutedPayment): boolean {
  const { amountMaxMinor, amountMinMinor, brands, currencies, enabled, methods } = account;
  const { amountMinor, brand, currency, method } = payment;
  return (
    enabled &&
    (currencies?.includes(currency) ?? true) &&
    (amountMinMinor === undefined || amountMinor >= amountMinMinor) &&
    (amountMaxMinor === undefined || amountMinor <= amountMaxMinor) &&
    (brand === undefined || (brands?.includes(brand) ?? true)) &&
    (methods?.includes(method) ?? true)
  );
}

/** 0 to 7, lower is tried before. */
function rankOf(account: RoutableAccount, { brand, failed }: RoutedPayment): number {
  const { brands, isOpen, name } = account;
  const mayRefuse = brands !== undefined && brand === undefined;
  return (isOpen ? 4 : 0) + (failed?.includes(name) ? 2 : 0) + (mayRefuse ? 1 : 0);
}

interface Ticket {
  readonly account: RoutableAccount;
  readonly ticket: number;
}

function inOrder<One extends Ticket>(equals: readonly One[]): readonly One[] {
  const drawn = equals.reduce((best, one) => (byTicket(one, best) < 0 ? one : best));
  const rest = equals.filter((one) => one !== drawn);
  return [drawn, ...rest.toSorted((one, other) => byReserve(one, other) || byTicket(one, other))];
}

function byReserve(one: Ticket, other: Ticket): number {
  const place = ({ account }: Ticket) => account.reserve ?? Number.MAX_SAFE_INTEGER;
  return place(one) - place(other);
}

function byTicket(one: Ticket, other: Ticket): number {
  if (one.ticket !== other.ticket) return one.ticket < other.ticket ? -1 : 1;
  return one.account.name < other.account.name ? -1 : 1;
}

const DRAW_BITS = 48;

/**
 * The lowest wins, each with a chance of its weight in the sum of weights (an exponential race). An account's ticket
 * knows nothing of the others: one that comes or goes moves only payments of its own.
 */
function drawTicket({ name, weight }: RoutableAccount, seed: string): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY;
  const digest = createHash('sha256').update(`${seed}\0${name}`).digest();
  const chance = (digest.readUIntBE(0, DRAW_BITS / 8) + 1) / 2 ** DRAW_BITS;
  return -Math.log(chance) / weight;
}
