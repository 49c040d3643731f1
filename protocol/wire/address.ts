// A member's address in a room: its slot, and two bytes of its session as a tag. The slot finds the member without a
// search; the tag keeps a frame meant for one who left from reaching the next who got the slot.

export const SLOT_MAX = 0xffff

export function addressOf(slot: number, session: Uint8Array): number {
  return ((slot << 16) | ((session[0] ?? 0) << 8) | (session[1] ?? 0)) >>> 0
}

export function slotOf(address: number): number {
  return address >>> 16
}
