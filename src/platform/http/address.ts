import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { fail } from './errors.ts';

/** True for an address inside one of the ranges; false for anything else, text that is no address included. */
export type AddressMatcher = (address: string | undefined) => boolean;

const MAPPED = /^::ffff:(?=[0-9]+\.)/i;

/**
 * Ranges are addresses or CIDR blocks, IPv4 or IPv6. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`, as
 * sockets show it) is judged as IPv4. Throws `address_range_invalid`, naming the range.
 */
export function createAddressMatcher(ranges: readonly string[]): AddressMatcher {
  if (ranges.length === 0) return () => false;
  const list = new BlockList();
  for (const range of ranges) addRange(list, range.trim());
  return (address) => {
    if (address === undefined) return false;
    const bare = bareAddress(address);
    const version = isIP(bare);
    return version !== 0 && list.check(bare, version === 6 ? 'ipv6' : 'ipv4');
  };
}

function addRange(list: BlockList, range: string): void {
  const [text = '', bits, ...rest] = range.split('/');
  const address = bareAddress(text);
  const version = isIP(address);
  const bitsMax = version === 6 ? 128 : 32;
  const length = bits === undefined ? bitsMax : Number(bits);
  const wellFormed = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && length <= bitsMax);
  if (version === 0 || rest.length > 0 || !wellFormed) {
    throw fail(
      'address_range_invalid',
      `${range} is not an address or a range such as 10.0.0.0/8.`,
      {
        details: { range },
      },
    );
  }
  list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
}

/** The address without the IPv6 clothing of an IPv4 one, and without a zone (`fe80::1%eth0`). */
export function bareAddress(address: string): string {
  const mapped = address.replace(MAPPED, '');
  const zone = mapped.indexOf('%');
  return zone < 0 ? mapped : mapped.slice(0, zone);
}

/**
 * Whether the one who holds the other end of this connection is a proxy of ours. Only then are the headers
 * that a proxy adds (the forwarded address, an operator's number) its word and not the visitor's.
 */
export function isFromTrustedProxy(request: FastifyRequest): boolean {
  return request.server.trustedProxies(request.raw.socket.remoteAddress);
}
