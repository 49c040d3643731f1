// What a session is, as a value: nothing in here changes, everything gives another.

/** Keys that a turn's messages are found by, and that their headers are sealed with. */
export interface Doors {
  readonly tags: Uint8Array
  readonly headers: Uint8Array
}

/** The key of a message that was stepped over: it may come late. */
export interface Skipped {
  readonly number: number
  readonly key: Uint8Array
  readonly untilMs: number
}

/** One turn of the peer's. */
export interface HearingChain {
  readonly turn: number
  /** Turn 0 has none: it is found by its introduction. */
  readonly doors: Doors | undefined
  /** Of the message `next`; undefined when the turn is over. */
  readonly key: Uint8Array | undefined
  readonly next: number
  readonly skipped: readonly Skipped[]
}

/** What the beginner repeats until somebody answers. */
export interface Introduction {
  readonly signedPrekey: Uint8Array
  /** Zeros without one; then so are the ciphertext and the secret. */
  readonly oneTimeId: Uint8Array
  readonly ciphertext: Uint8Array
  readonly oneTimeSecret: Uint8Array
  /** Who writes, proven: what is sealed. */
  readonly letter: Uint8Array
  readonly untilMs: number
}

/** We spoke last. */
export interface Speaking {
  readonly kind: 'speaking'
  /** Of the message `next` of our turn. */
  readonly key: Uint8Array
  readonly next: number
  /** Said in our turn before. */
  readonly before: number
  /** Of our turn; turn 0 has none, but an introduction. */
  readonly doors: Doors | undefined
  readonly introduction: Introduction | undefined
  /** What the turn carries: to the peer's last key, and our fresh one. */
  readonly ciphertext: Uint8Array
  readonly ratchetKey: Uint8Array
  /** Of our fresh key: erased when the peer has answered to it. */
  readonly seed: Uint8Array
  /** Where the peer's answer is found. */
  readonly answer: Doors
}

/** The peer spoke last. */
export interface Listening {
  readonly kind: 'listening'
  /** To which our next turn is sealed. */
  readonly peerKey: Uint8Array
  /** Said in our last turn. */
  readonly before: number
}

export interface Session {
  readonly id: Uint8Array
  readonly begun: 'here' | 'there'
  /** When the peer's correspondence began; 0 while it was not heard on this session. */
  readonly peerLife: number
  /** The number of the latest turn, whoever's it is. */
  readonly turn: number
  readonly root: Uint8Array
  readonly phase: Speaking | Listening
  /** The latest turn of the peer's first, which is the only one that may be open. */
  readonly hearing: readonly HearingChain[]
}

/** All we have of one peer. */
export interface Correspondence {
  /** The 32 bytes of its PeerId. */
  readonly peer: Uint8Array
  /** When it was begun, on our clock. */
  readonly life: number
  /** Where it wants its mail, if it ever introduced itself. */
  readonly mailbox: Uint8Array | undefined
  /** The one used last first. */
  readonly sessions: readonly Session[]
}
