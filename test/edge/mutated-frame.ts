// Good frames spoiled: what hostile members of rooms and hostile callers of mailboxes begin with.

import type { Random } from '../sim/random.ts'

export interface Spoiling {
  /** What it may say it is instead. */
  readonly types: readonly number[]
  /** Bytes change no further back than here: where most of a frame is ciphertext, that is no test of who reads the rest. */
  readonly changesWithin?: number
}

/** Cut, made longer, of another type, or with a few bytes changed. */
export function mutatedFrame(random: Random, good: Uint8Array, spoiling: Spoiling): Uint8Array {
  const bytes = Uint8Array.from(good)
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length + 1))
    case 1:
      return Uint8Array.from([...bytes.subarray(0, 300), ...random.bytes(random.below(20))])
    case 2:
      bytes[0] = random.pick([random.below(256), random.pick(spoiling.types)])
      return bytes
    default: {
      const within = Math.min(bytes.length, spoiling.changesWithin ?? bytes.length)
      for (let flips = 1 + random.below(3); flips > 0 && bytes.length > 0; flips--)
        bytes[random.below(within)] = random.below(256)
      return bytes
    }
  }
}
