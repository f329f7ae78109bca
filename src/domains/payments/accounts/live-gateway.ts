import type { CardGateway } from '#payments/card-gateway';

/**
 * One gateway for as long as the house stands, whatever becomes of its account: each call, and each look at what it can,
 * goes to the one that `current` answers then. So nobody holds one whose credentials have changed or whose connections were
 * closed.
 */
export function createLiveGateway(current: () => CardGateway): CardGateway {
  const call =
    (member: string | symbol) =>
    (...given: readonly unknown[]) => {
      const gateway = current();
      return Reflect.apply(Reflect.get(gateway, member), gateway, given);
    };
  return new Proxy({} as CardGateway, {
    get(_, member) {
      // It is closed with its account, by whoever owns that.
      if (member === 'close') return async () => {};
      const value: unknown = Reflect.get(current(), member);
      return typeof value === 'function' ? call(member) : value;
    },
    has: (_, member) => Reflect.has(current(), member),
  });
}
