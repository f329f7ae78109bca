import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { createAddressMatcher } from '#http';
import { fail } from './errors.ts';

const URL_LENGTH_MAX = 2000;

/**
 * Addresses that are nobody's on the public internet (IANA's registries of special purposes), and ways around to them.
 * An IPv4 address in IPv6 clothing is judged as what it is by the matcher.
 */
const PRIVATE_RANGES = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10'],
  ...['fec0::/10', 'ff00::/8'],
] as const;

/** Of an address that must not be called. */
export const FORBIDDEN_ADDRESS = 'address_forbidden';

/**
 * A receiver's URL as it is kept. Throws `webhook_url_invalid` for anything but an absolute http or https URL without a
 * name and password in it. Where its host leads is judged when it is called: that may change.
 */
export function readReceiverUrl(text: string, field = 'url'): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const refuse = (message: string) =>
    fail('webhook_url_invalid', `Webhooks can't be sent to this ${field}: ${message}.`, {
      faults: [{ field, message }],
    });
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    throw refuse('an absolute URL that begins with https:// or http://');
  }
  if (url.href.length > URL_LENGTH_MAX) throw refuse(`at most ${URL_LENGTH_MAX} letters`);
  if (url.username !== '' || url.password !== '') {
    throw refuse('without a name and password: the signature says who calls');
  }
  url.hash = '';
  return url;
}

/** Decides which addresses may be called. */
export interface AddressGuard {
  /** False for a host that is written as an address, and a forbidden one. A name is judged by `lookup`. */
  admitsHost(hostname: string): boolean;
  /**
   * For `net.connect`: the addresses of a name, those that must not be called left out. The connection is made to
   * what was judged here, so a name that leads elsewhere a moment later gains nothing.
   */
  lookup(
    hostname: string,
    options: LookupOptions,
    done: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void;
}

/** `allowedRanges` are private ones that may be called all the same (addresses or CIDR blocks). */
export function createAddressGuard(allowedRanges: readonly string[] = []): AddressGuard {
  const isPrivate = createAddressMatcher(PRIVATE_RANGES);
  const isAllowed = createAddressMatcher(allowedRanges);
  const admits = (address: string) => isAllowed(address) || !isPrivate(address);
  return {
    admitsHost(hostname) {
      const bare = hostname.replace(/^\[|\]$/g, '');
      return isIP(bare) === 0 || admits(bare);
    },
    lookup(hostname, options, done) {
      lookup(hostname, { ...options, all: true }, (error, addresses) => {
        if (error) return done(error, []);
        const admitted = addresses.filter(({ address }) => admits(address));
        const [first] = admitted;
        if (!first) return done(forbidden(hostname), []);
        if (options.all) done(null, admitted);
        else done(null, first.address, first.family);
      });
    },
  };
}

function forbidden(hostname: string): Error {
  const message = `${hostname} leads to no address that may be called`;
  return Object.assign(new Error(message), { code: FORBIDDEN_ADDRESS });
}
