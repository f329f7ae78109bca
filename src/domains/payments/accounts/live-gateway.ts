import { messageOf } from '#errors';
import type { Log } from '#log';
import type { CardGateway } from '#payments/card-gateway';

/** A gateway of one version of its account. */
export interface MadeGateway {
  readonly version: number;
  readonly gateway: CardGateway;
  /** Calls it, and knows for how long. */
  call(member: string | symbol, given: readonly unknown[]): unknown;
  /** Closes it as soon as its last call has come back: to cut one off would make its outcome unknown. */
  retire(): void;
}

export function createMadeGateway(version: number, gateway: CardGateway, log: Log): MadeGateway {
  let running = 0;
  let isRetired = false;

  function closeWhenIdle(): void {
    if (!isRetired || running > 0) return;
    gateway.close().catch((error) => {
      const reason = messageOf(error);
      log.warn({ gateway: gateway.name, reason }, 'a gateway could not be closed');
    });
  }

  return {
    ...{ version, gateway },
    call(member, given) {
      const result: unknown = Reflect.apply(Reflect.get(gateway, member), gateway, given);
      if (!(result instanceof Promise)) return result;
      running += 1;
      return result.finally(() => {
        running -= 1;
        closeWhenIdle();
      });
    },
    retire() {
      isRetired = true;
      closeWhenIdle();
    },
  };
}

/**
 * One gateway for as long as the house stands, whatever becomes of its account: each call, and each look at what it can,
 * goes to the one that `current` answers then. So nobody holds one whose credentials have changed or whose connections were
 * closed.
 */
export function createLiveGateway(current: () => MadeGateway): CardGateway {
  return new Proxy({} as CardGateway, {
    get(_, member) {
      // It is closed with its account, by whoever owns that.
      if (member === 'close') return async () => {};
      const value: unknown = Reflect.get(current().gateway, member);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]) => current().call(member, given);
    },
    has: (_, member) => Reflect.has(current().gateway, member),
  });
}
