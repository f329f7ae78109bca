import type { SmppSettings } from './settings.ts';

export interface SmppAddress {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
}

type Addresses = SmppSettings['addresses'];

const INTERNATIONAL = { ton: 1, npi: 1 };
const SHORT = { ton: 3, npi: 0 };
const ALPHANUMERIC = { ton: 5, npi: 0 };
/** Shorter numbers are of a network, not of the world. */
const SHORT_DIGITS_MOST = 8;

/** SMPP 3.4, §5.2.5: a name, a short number or a number of the world, and what this centre calls each. */
export function sourceAddress(sender: string, addresses: Addresses): SmppAddress {
  if (!/^\+?\d+$/.test(sender))
    return { ...ALPHANUMERIC, ...addresses.alphanumeric, address: sender };
  const address = sender.replace('+', '');
  return address.length <= SHORT_DIGITS_MOST && !sender.startsWith('+')
    ? { ...SHORT, ...addresses.short, address }
    : { ...INTERNATIONAL, ...addresses.international, address };
}

export function destinationAddress(recipient: string, addresses: Addresses): SmppAddress {
  return { ...INTERNATIONAL, ...addresses.destination, address: recipient.replace('+', '') };
}

/** A number of the world has its country code, and then at least so many digits. */
const WORLD_DIGITS = /^\d{9,15}$/;
const UNTOLD_WORLD_DIGITS = /^\d{11,15}$/;

/** E.164 with the plus where it is a number of the world: the centre says so, or says nothing and it is as long as one. */
export function readAddress({ address, ton }: Pick<SmppAddress, 'address' | 'ton'>): string {
  if (ton === INTERNATIONAL.ton && WORLD_DIGITS.test(address)) return `+${address}`;
  return ton === 0 && UNTOLD_WORLD_DIGITS.test(address) ? `+${address}` : address;
}
