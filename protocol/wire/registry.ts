// The one list of frames. A number, once used, is never used for anything else: a removed frame leaves its number
// here as a comment. Layout stands beside each; sizes in bytes, integers big-endian. WIRE.md tells the story and
// is executed by the tests.

/** What a client offers and the edge answers as the WebSocket's subprotocol. */
export const SUBPROTOCOL = 'waypost.1'
/** Before a Join frame in base64url, offered as a second subprotocol: the hello rides in the upgrade request. */
export const JOIN_SUBPROTOCOL_PREFIX = 'waypost.join.'
/** Before a mailbox owner's `hello`, in its place. */
export const MAIL_SUBPROTOCOL_PREFIX = 'waypost.mail.'
/** Before a pass, offered as a third: a header of the request, and so in no log of addresses. */
export const PASS_SUBPROTOCOL_PREFIX = 'waypost.pass.'
export const WIRE_VERSION = 1

/** Text messages, so that the platform can answer them without waking the object. All else is binary. */
export const KEEP_ALIVE_PING = 'ping'
export const KEEP_ALIVE_PONG = 'pong'

export const FRAME = {
  // Envelope
  batch: 0x01, //         repeated: 2 length + frame. Exact. Frames of one message, in order; a batch in a batch is malformed
  refusal: 0x02, //       1 code + 1 type of the refused frame (0: none) + 4 retry after ms. Exact

  // A room and its members
  join: 0x10, //          1 version + 32 peer id + 8 session + metadata. Client to room, in the upgrade request
  welcome: 0x11, //       1 version + 1 resumed + 4 your address + 4 keep-alive ms + 4 presence timeout ms + 4 peers max
  //                      + 4 tokens per s + 4 tokens burst + 4 bytes per s + 4 bytes burst. Lax: later versions may add
  roster: 0x12, //        1 last + repeated: member. Exact. A member: 4 address + 32 peer id + 8 session + 2 length + metadata
  joined: 0x13, //        member. Exact
  left: 0x14, //          4 address + 1 reason. Exact
  metadata: 0x15, //      4 address (to the room: 0) + metadata
  sweep: 0x16, //         nothing. Exact. "Look who has vanished"
  drained: 0x17, //       4 bytes read since the last report. Exact

  passWanted: 0x18, //    nothing. Exact. "A new pass, before mine ends"
  pass: 0x19, //          a pass, as its letters. From the room, to whom it was wanted by

  // Between members, through the room. The room reads the address and nothing behind it
  relay: 0x20, //         4 address (to the room: of the receiver; from it: of the sender) + link frame
  broadcast: 0x21, //     4 address (to the room: 0; from it: of the sender) + application data
  undeliverable: 0x22, // 4 address + 1 reason. Exact. A relayed frame or signal went nowhere
  signal: 0x23, //        4 address, as in relay + signal frame

  // A link, on whatever path: inside a relay frame, or a data channel's message of its own
  linkData: 0x30, //      4 epoch + 1 flags (lane + 4 first + 8 last) + 4 seq + 4 base + fragment
  linkAck: 0x31, //       4 epoch + 1 lane + 4 next seq wanted + 4 window bytes. Exact
  linkDatagram: 0x32, //  application data
  linkPing: 0x33, //      4 token. Exact
  linkPong: 0x34, //      4 token. Exact

  // Making a direct connection, inside a signal frame
  offer: 0x40, //         4 connection + 4 round + SDP
  answer: 0x41, //        4 connection + 4 round + SDP
  candidates: 0x42, //    4 connection + repeated: 2 length + candidate. Exact. An empty candidate: there are no more
  decline: 0x43, //       4 connection + 1 reason. Exact
} as const

export type FrameKind = keyof typeof FRAME

// 0x1a: what a member of a room reports. In watch-frame.ts, which a page's first script does not have.

/**
 * Frames of streams: many in a message of the lane `streams`, which begins with 4 sender's instance + 4 receiver's instance
 * (0: not known). Numbers of the same space as those above. streams/README.md shows each.
 */
export const STREAM_FRAME = {
  open: 0x50, //          4 stream + 1 length + label
  data: 0x51, //          4 stream + 2 length + bytes
  end: 0x52, //           4 stream. The sender's half is complete
  reset: 0x53, //         4 stream + 4 code. The sender's half is broken off
  stop: 0x54, //          4 stream + 4 code. The sender of this reads no more
  refuse: 0x55, //        4 stream + 1 reason. There shall be no such stream
  window: 0x56, //        4 stream + 4 bytes. So many more may be sent
  over: 0x57, //          4 receiver's instance + 4 + 4: of the sender's streams, of the receiver's, smaller numbers are over
} as const

/**
 * Frames of a mailbox's socket, whose messages hold one of them or a `batch`; `refusal`, `passWanted` and `pass` are spoken
 * there too. Numbers of the same space as those above. mailbox/README.md shows each.
 */
export const MAIL_FRAME = {
  hello: 0x60, //         1 version + 4 letters + 4 bytes that may be under way + a cursor, or nothing. Owner to mailbox, in the upgrade
  ready: 0x61, //         1 version + 4 keep-alive ms + 4 letters stored + 2 one-time prekeys left. Lax
  put: 0x62, //           4 token + 32 mailbox + 1 priority + 4 TTL in seconds + proof + envelope
  stored: 0x63, //        4 token + 1 known already + 4 TTL in seconds. Exact
  refused: 0x64, //       4 token + 1 reason + 4 retry after ms. Exact
  letter: 0x65, //        16 id + 1 priority + 4 hour it came + 34 cursor + envelope. Mailbox to owner
  took: 0x66, //          repeated: 16 id, up to 1,024. Exact. "Mine for good: forget it"
  prekeysLeft: 0x67, //   2 one-time prekeys left. Exact. When few are
} as const

/** How a put shows that it may be made. */
export const MAIL_PROOF = {
  access: 1, // 4 day + 16 MAC under a key the owner gave its contacts
  stamp: 2, //  32 challenge + 64 stamp
} as const

/** Why a put is not kept. */
export const MAIL_REFUSAL = {
  malformed: 1, // not of the layout, or its envelope of no size class
  'too-large': 2, // more than the mailbox takes in one piece
  'over-quota': 3, // as much is kept as there is room for, for this priority and kind of sender
  'rate-limited': 4, // more than may come in a time; retry after says when
  'bad-access': 5, // the MAC is of another key, day, mailbox or envelope
  'bad-stamp': 6, // the stamp is of another challenge, mailbox or envelope, or none
  'stale-stamp': 7, // the challenge is too old; ask for another
  blocked: 8, // the owner takes no mail of strangers
  'no-such-mailbox': 9, // nobody has opened a mailbox of this id
  internal: 10, // our fault; try again
} as const

export type MailRefusal = keyof typeof MAIL_REFUSAL

/** Frames of the DHT, on a mailbox's socket when its owner asks. Exact. dht/README.md shows each. */
export const DHT_FRAME = {
  dhtAsk: 0x70, //        4 token + 1 question + its fields
  dhtAnswer: 0x71, //     4 token + 1 answer + its fields
} as const

export const DHT_QUESTION = {
  get: 1, //       32 key; or 32 key + 1 of what, where it is known
  put: 2, //       32 key + record
  provide: 3, //   announcement of provided keys
  providers: 4, // 32 key + 1 limit + 1 length + region
  closest: 5, //   32 target + 1 limit
} as const

/** Of what is got under a key, which may be that of a value and of something signed. */
export const DHT_OF = {
  signed: 1,
  value: 2,
} as const

export const DHT_ANSWER = {
  record: 1, //    8 expires at ms + record
  nothing: 2,
  stored: 3, //    8 expires at ms + 1 was written
  providers: 4, // 1 count + (2 length + head) each + 1 count + (32 peer + 1 head + 2 index + 8 expires at ms + 1 steps + path) each
  closest: 5, //   1 count + (32 key + 2 length + record) each
  refused: 6, //   1 reason + 4 retry after ms
} as const

/** Why the DHT does not keep, or does not answer. */
export const DHT_REFUSAL = {
  malformed: 1, // not of the layout, or a key that is none
  'too-large': 2, // more than a record holds
  'wrong-key': 3, // the key is not that of the bytes, or of the signer
  'wrong-signature': 4, // not signed by whom it says, or not over this
  expired: 5, // its time is over, or begins too far ahead, or is longer than may be
  stale: 6, // a newer one is there
  'over-quota': 7, // this peer keeps as much here as it may
  'rate-limited': 8, // more than may come in a time; retry after says when
  busy: 9, // the shard has more to do than it can
  internal: 10, // our fault; try again
} as const

export type DhtRefusal = keyof typeof DHT_REFUSAL

/**
 * Messages of the mesh, on the lane `service`: first bytes there, beside those of sealed broadcasts and receipts. What asks
 * begins with 4 token + 8 lookup + 1 hops left + 1 detours left + 2 ms left + 32 key. dht/mesh/README.md shows each.
 */
export const MESH_FRAME = {
  ping: 0xd0, //          4 token. Exact
  pong: 0xd1, //          4 token. Exact
  findNode: 0xd2, //      nothing more. Exact
  findValue: 0xd3, //     nothing more. Exact
  getProviders: 0xd4, //  nothing more. Exact
  store: 0xd5, //         a record
  addProvider: 0xd6, //   a provided key
  nodes: 0xd8, //         4 token + 1 hops + repeated: 32 node. Exact. The path ended here; these are nearest of those known
  record: 0xd9, //        4 token + 1 hops + a record
  providers: 0xda, //     4 token + 1 hops + repeated: 2 length + a provided key. Exact
  stored: 0xdb, //        4 token + 1 hops + 1 copies. Exact
  refused: 0xdc, //       4 token + 1 reason. Exact. Whoever asked may ask another
} as const

export type MeshFrameKind = keyof typeof MESH_FRAME

/** Why a node does not carry a request. */
export const MESH_REFUSAL = {
  served: 1, //  it carried this lookup already
  busy: 2, //    it carries as much as it may
  late: 3, //    what it sent on was not answered in time
  invalid: 4, // what was to be stored does not verify
} as const

export type MeshRefusal = keyof typeof MESH_REFUSAL

/** Of introductions: on the lane `service` too. introductions/README.md shows each. */
export const INTRODUCTION_FRAME = {
  ask: 0xe0, //           4 token + repeated: 8, beginnings of digests that are known. Exact
  answer: 0xe1, //        4 token + 1 count + (2 length + edge) each + repeated: 2 length + announcement. Exact
} as const

/** Lanes of a link: each an order of its own, and a window of its own. */
export const LANE = {
  control: 0, // messages of the application
  bulk: 1, // those that must not hold up the others
  streams: 2, // everything about streams: their own flow control decides who holds up whom
  service: 3, // what the peers' own machinery tells each other: keys of rooms
} as const

export type Lane = keyof typeof LANE

/** First bytes of service messages, beside those of sealed broadcasts (crypto/broadcast/layout.ts: 0xb2 to 0xb4). */
export const SERVICE_MAIL = 0xc1 // a content of mail (mail/content.ts): receipts
export const SERVICE_MESH_HELLO = 0xcf // 1 answer wanted + 4 era + 4 stamp: who is of the mesh too, and where
/** Messages of the mesh (dht/mesh/README.md) are told by first bytes from here to the last. */
export const SERVICE_MESH_FIRST = 0xd0
export const SERVICE_MESH_LAST = 0xdf

/** Fixed places inside relay, signal and broadcast frames, which a room routes without parsing. */
export const ADDRESS_AT = 1
export const PAYLOAD_AT = 5

export const PEER_BYTES = 32
export const SESSION_BYTES = 8

/** Numbers of refusal codes; a fatal one is followed by a close with code 4000 + number and the code's name as reason. */
export const REFUSAL = {
  malformed: 1, // not a frame of this registry
  unexpected: 2, // a frame that has no business here
  'too-large': 3,
  'rate-limited': 4,
  'room-full': 5, // fatal
  superseded: 6, // fatal: the same peer joined from elsewhere
  'version-mismatch': 7, // fatal
  flooding: 8, // fatal: kept sending far over the limits
  vanished: 9, // fatal: no ping for too long
  'bad-request': 10, // fatal: the upgrade request's join, room or network is not well formed
  'edge-busy': 11, // fatal: too many connections from this address just now
  internal: 12, // fatal: our fault
  'slow-reader': 13, // fatal: does not read what it is sent, so that even the roster can no longer be kept right for it
  'pass-malformed': 14, // fatal: not one pass was offered but none, several, or something that is none
  'pass-expired': 15, // fatal: its time is over; another one helps
  'pass-forged': 16, // fatal: not made with a secret this edge has, or has any more; another one helps
  'pass-foreign': 17, // fatal: of another peer or network, or not for rooms
  misconfigured: 18, // fatal: the deployment's settings are wrong, PASS_SECRET above all
  blacklisted: 19, // fatal: this peer may not come, until retry after is over; 0: until somebody takes it off
  forbidden: 20, // fatal: the deployment serves nobody from there: the page's origin, the country or the network
} as const

export type RefusalCode = keyof typeof REFUSAL
export const CLOSE_CODE_BASE = 4_000

export const LEFT = {
  closed: 1, // closed its socket
  lost: 2, // its socket broke
  vanished: 3, // stopped pinging
  superseded: 4, // came back as a new session
  expelled: 5, // flooded
} as const

export type LeftReason = keyof typeof LEFT

export const UNDELIVERABLE = {
  gone: 1, // nobody, or somebody else, has that address now
  slow: 2, // has not read what it was sent before
} as const

export type UndeliverableReason = keyof typeof UNDELIVERABLE

export const DECLINE = {
  'relay-only': 1, // does not want its addresses known
  'no-webrtc': 2, // cannot
  'too-many': 3, // has all the connections it may have
} as const

export type DeclineReason = keyof typeof DECLINE

export const STREAM_REFUSAL = {
  unwanted: 1, // nobody there listens for streams
  'too-many': 2, // as many are open as may be
} as const

export type StreamRefusal = keyof typeof STREAM_REFUSAL

/** The name of a number in one of the tables above. */
export function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  number: number,
): Name | undefined {
  for (const name in table) if (table[name] === number) return name
  return undefined
}
