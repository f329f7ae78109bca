import type { CardContext } from '#subscriptions/cards/card-context';

/** How many more charges may be asked of each gateway now. */
export interface Room {
  /** Takes one place, if there is one. */
  take(gateway: string): boolean;
}

/** Whatever would be charged waits a moment. */
export const NO_ROOM: Room = { take: () => false };

/** Of a gateway that is away or switched off there is none. */
export async function roomNow({ payments }: Pick<CardContext, 'payments'>): Promise<Room> {
  const names = payments.cards.gateways();
  const rooms = await Promise.all(names.map((name) => payments.room(name)));
  const left = new Map(names.map((name, index) => [name, rooms[index] ?? 0]));
  return {
    take(gateway) {
      const room = left.get(gateway) ?? 0;
      if (room <= 0) return false;
      left.set(gateway, room - 1);
      return true;
    },
  };
}
