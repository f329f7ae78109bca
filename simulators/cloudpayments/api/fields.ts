import { type Order, parseAmount, parseTime } from '#simulators/cloudpayments/acquirer';
import { type Fields, isFields } from '#simulators/kit';

/** The request is wrong: answered `{ Success: false, Message }`, and nothing has happened. */
export class Refusal extends Error {}

const currencies = /^[A-Z]{3}$/;

/** What was sent, in either body type; names are read in any case, as the real gateway reads them. */
export class RequestFields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(fields: Fields) {
    this.#fields = new Map(
      Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
    );
  }

  /** What is empty is absent. */
  any(name: string): unknown {
    const value = this.#fields.get(name.toLowerCase());
    return value === '' || value === null ? undefined : value;
  }

  has(name: string): boolean {
    return this.any(name) !== undefined;
  }

  text(name: string): string | null {
    const value = this.any(name);
    if (value === undefined) return null;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new Refusal(`Invalid ${name} value`);
  }

  needText(name: string): string {
    const text = this.text(name);
    if (text === null) throw new Refusal(`${name} is required`);
    return text;
  }

  flag(name: string): boolean {
    const value = this.any(name);
    if (value === undefined) return false;
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string' && /^(?:true|false)$/i.test(value)) return /^t/i.test(value);
    throw new Refusal(`Invalid ${name} value`);
  }

  /** A fraction is rounded, as the real gateway does. */
  whole(name: string): number | null {
    const value = this.any(name);
    if (value === undefined) return null;
    const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
    if (!Number.isFinite(number)) throw new Refusal(`Invalid ${name} value`);
    return Math.round(number);
  }

  needWhole(name: string): number {
    const number = this.whole(name);
    if (number === null) throw new Refusal(`${name} is required`);
    return number;
  }

  needAmount(name = 'Amount'): number {
    if (!this.has(name)) throw new Refusal(`${name} is required`);
    const minor = parseAmount(this.any(name));
    if (minor === undefined) throw new Refusal(`Invalid ${name} value`);
    return minor;
  }

  time(name: string): number | null {
    if (!this.has(name)) return null;
    const timeMs = parseTime(this.any(name));
    if (timeMs === undefined) throw new Refusal(`Invalid ${name} value`);
    return timeMs;
  }

  needTime(name: string): number {
    const timeMs = this.time(name);
    if (timeMs === null) throw new Refusal(`${name} is required`);
    return timeMs;
  }

  choice<Value extends string>(name: string, allowed: readonly Value[]): Value | null {
    const text = this.text(name);
    if (text === null) return null;
    const found = allowed.find((each) => each.toLowerCase() === text.toLowerCase());
    if (found === undefined) throw new Refusal(`Invalid ${name} value`);
    return found;
  }

  /** An object, or a text that says it. */
  json(name: string): string | null {
    const value = this.any(name);
    if (value === undefined) return null;
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  list(name: string): readonly unknown[] {
    const value = this.any(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    return typeof value === 'string' ? value.split(',').map((each) => each.trim()) : [value];
  }

  currency(): string {
    const currency = this.text('Currency') ?? 'RUB';
    if (!currencies.test(currency)) throw new Refusal('Invalid Currency value');
    return currency;
  }
}

/** What all ways to pay have in common. */
export function readOrder(fields: RequestFields, twoStage: boolean): Order {
  return {
    amountMinor: fields.needAmount(),
    currency: fields.currency(),
    invoiceId: fields.text('InvoiceId'),
    accountId: fields.text('AccountId'),
    email: fields.text('Email'),
    description: fields.text('Description'),
    jsonData: fields.json('JsonData'),
    ipAddress: fields.text('IpAddress'),
    name: fields.text('Name'),
    cultureName: fields.text('CultureName'),
    twoStage,
    saveCard: fields.flag('SaveCard'),
    initiator: null,
    subscriptionId: null,
  };
}

export function toFields(value: unknown): RequestFields {
  return new RequestFields(isFields(value) ? value : {});
}
