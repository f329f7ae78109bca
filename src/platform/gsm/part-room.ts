/** What one message on the air holds: alone, and as a part of a longer one, where a header takes six octets. */
export interface PartRoom {
  readonly single: number;
  readonly concatenated: number;
}

/** In septets: 140 octets, and 134 behind the header (3GPP TS 23.040, 9.2.3.24.1). */
export const GSM7_ROOM: PartRoom = { single: 160, concatenated: 153 };
/** In units of 16 bits. */
export const UCS2_ROOM: PartRoom = { single: 70, concatenated: 67 };

export interface PartRooms {
  readonly gsm7: PartRoom;
  readonly ucs2: PartRoom;
}

/** What handsets and bills go by: a header with a reference of 8 bits. */
export const ROOMS: PartRooms = { gsm7: GSM7_ROOM, ucs2: UCS2_ROOM };
/** A reference of 16 bits takes one octet more of each part (9.2.3.24.8). */
export const LONG_HEADER_ROOMS: PartRooms = {
  gsm7: { ...GSM7_ROOM, concatenated: GSM7_ROOM.concatenated - 1 },
  ucs2: { ...UCS2_ROOM, concatenated: UCS2_ROOM.concatenated - 1 },
};

/** Fills parts of a text that is too long for one, piece by piece. `cut` is told before which piece each part begins. */
export function fillParts(
  room: PartRoom,
  pieces: number,
  unitsOf: (piece: number) => number,
  cut: (piece: number) => void = () => {},
): { readonly segments: number; readonly unitsLeft: number } {
  let segments = 1;
  let used = 0;
  for (let piece = 0; piece < pieces; piece += 1) {
    const units = unitsOf(piece);
    if (used + units > room.concatenated) {
      cut(piece);
      segments += 1;
      used = 0;
    }
    used += units;
  }
  return { segments, unitsLeft: room.concatenated - used };
}
