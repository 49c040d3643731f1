// Every bound and default of the system, each with its reason and what happens at it. Units come last.

export const KIB = 1024
export const MIB = 1024 * KIB

// ---- wire -----------------------------------------------------------------------------------------------------

/**
 * One WebSocket message, either way. 64 KiB less one byte, so that a frame's length inside a batch fits 16 bits; big
 * enough that the price of a message (about 50 µs of the object, whatever its size) is spread over real data, small
 * enough that one member cannot hold the object for long. Beyond it: refusal `too-large`, the frame is dropped.
 */
export const MESSAGE_BYTES_MAX = 65_535

/** Frames in one batch. 64 small frames are what 5 ms of a busy sender makes. Beyond it: the batch is malformed. */
export const BATCH_FRAMES_MAX = 64

// ---- rooms ----------------------------------------------------------------------------------------------------

/** Members of a room, by default. A roster of 1,000 is 46 KB; a broadcast to it 13 ms of one object. Beyond it: refusal `room-full`. */
export const ROOM_PEERS_MAX = 1_000

/** What a deployment may raise it to: slots are 16 bits, and an object holds 32,768 sockets. */
export const ROOM_PEERS_CEILING = 30_000

/** A room's or network's name: fits a URL and a log line. Beyond it: HTTP 400 `bad-name`. */
export const NAME_LENGTH_MAX = 128

/**
 * What a peer says of itself to a whole room. With its record it must fit a socket's attachment (16,384 bytes), and a
 * full room's roster (1,000 × 1 KiB) must still be a download of a moment. Beyond it: refusal `too-large`.
 */
export const METADATA_BYTES_MAX = 1_024

/** A client pings this often; the platform answers without waking the object. */
export const KEEP_ALIVE_MS = 10_000

/** A member not heard for this long has vanished: two pings lost and a third late. With the sweep below: gone within 45 s. */
export const PRESENCE_TIMEOUT_MS = 30_000

/** In each such window some members are on duty to ask the room to look for vanished ones (see membership/duty.ts). */
export const SWEEP_MS = 5_000

/** How many members are on duty in a window. Eight, so that half of a room vanishing seldom takes them all (duty.ts). */
export const SWEEP_WARDENS = 8

/** Tokens each socket earns per second, and may save up. A token buys about 50 µs of the object; prices below. Beyond: `rate-limited`. */
export const TOKENS_PER_SECOND = 100
export const TOKENS_BURST = 200

/** Bytes each socket may send per second, and save up. Fills a home uplink of 32 Mbit/s. Beyond: `rate-limited`. */
export const BYTES_PER_SECOND = 4 * MIB
export const BYTES_BURST = 8 * MIB

/** What things cost in tokens. A socket message is 1 whatever it holds, since entering the object is the price. */
export const PRICE = {
  message: 1,
  /** A further frame inside a batch: measured at an eighth of a message of its own. */
  batchedFrame: 1 / 8,
  /** One delivery of a fan-out, subsidised: one message to 1,000 costs its sender 16 tokens, so 6 a second. */
  delivery: 1 / 64,
  /** A new pass: two HMACs, and a wait for them. Wanted once an hour; a member that asks all the time is soon refused. */
  pass: 20,
} as const

/** Refused messages a socket may send, saved up and per second, before it is closed as `flooding`. */
export const PATIENCE_BURST = 1_000
export const PATIENCE_PER_SECOND = 50

/**
 * Bytes the room will have under way to one member before the member reports having read them. The platform buffers
 * without bound for a slow socket and does not say so; this is the bound. Beyond it: frames to that member are dropped
 * and their sender told `Undeliverable(slow)`.
 */
export const UNREAD_BYTES_MAX = 4 * MIB
/** Roster changes are sent beyond that bound, up to this one. Beyond it: the socket is closed as `slow-reader`, and may join again. */
export const UNREAD_BYTES_CEILING = 5 * MIB
/** A client reports what it has read at least this often: 16 reports for each filled bound. */
export const READ_REPORT_BYTES = 256 * KIB

// ---- a client in a room ---------------------------------------------------------------------------------------

/** A socket that does not open and welcome us in this time is given up. Twice a slow mobile handshake. */
export const JOIN_TIMEOUT_MS = 10_000
/** A ping unanswered this long means the socket is dead, though nobody said so (a changed network says nothing). */
export const PONG_TIMEOUT_MS = 4_000
/** …and so long when there is reason to doubt it: the network changed, or a direct path fell silent. A slow mobile round trip. */
export const PONG_SUSPECT_MS = 1_200
/** Reconnecting: full jitter between the base and the base doubled per attempt, to the cap. */
export const RECONNECT_BASE_MS = 250
export const RECONNECT_MAX_MS = 15_000
/** Only a stay of so long ends the doubling: a room that lets us in and drops us at once is not to be hammered. */
export const STEADY_MS = 5_000
/** What a welcome may ask for as keep-alive, and a refusal as patience: whatever an edge says, nobody spins or sleeps for ever. */
export const KEEP_ALIVE_LEAST_MS = 100
export const KEEP_ALIVE_MOST_MS = 60_000
export const RETRY_AFTER_MOST_MS = 60_000
/**
 * After our own reconnect, a member missing from the new roster may still be reconnecting too: so long before it "left".
 * Longer than two of its attempts can be apart (15 s), and the time of the one that succeeds.
 */
export const ROSTER_GRACE_MS = 20_000
/** So long at most our waiting broadcasts wait, after our own reconnect, for those who were here and are not back yet. */
export const BROADCAST_HOLD_MS = 3_000
/** Without a socket for this long the room has taken us for vanished; its members are as good as gone for us too. */
export const ABSENCE_MS = 45_000
/** Broadcasts kept while reconnecting. Beyond it: `broadcast` throws `queue-full`. */
export const BROADCAST_QUEUE_MAX = 256

// ---- links ----------------------------------------------------------------------------------------------------

/** Bytes of a message in one link frame. Two fit a relayed batch; small enough not to hold up a data channel. */
export const FRAGMENT_BYTES_MAX = 32 * KIB - 64
/** One application message. It is held whole at both ends; larger things are streams. Beyond it: `too-large`. */
export const LINK_MESSAGE_BYTES_MAX = 16 * MIB
/** What a receiver lets a sender have unacknowledged on a lane. Fills 100 Mbit/s at 80 ms. */
export const LINK_WINDOW_BYTES = MIB
/**
 * What a fragment under way, or a message not yet consumed, costs in a window beside its bytes: about what the memory of
 * its record is. So a window holds at most 16,384 of them, however small.
 */
export const LINK_OVERHEAD_BYTES = 64
/** Messages waiting on one link. Beyond it: `queue-full`. */
export const LINK_QUEUE_MESSAGES_MAX = 10_000
/** How long an unacknowledged message is tried. Beyond it: `timeout`. */
export const LINK_TTL_MS = 300_000
/** Acknowledgements of a lane are at least this far apart: the first at once, a busy lane's in bulk. */
export const ACK_SPACING_MS = 10
/** …and those of streams, which nobody waits for one by one: each costs both pages about what a small message does. */
export const STREAMS_ACK_SPACING_MS = 20
/** Retransmission when nothing was acknowledged: from twice the round trip, between these. */
export const RESEND_MIN_MS = 500
export const RESEND_MAX_MS = 8_000
/**
 * A peer that left every room may be back in a moment (a reload): what is under way to it waits so long before it fails.
 * Longer than we need to notice that our own socket is dead (a ping and its pong, 14 s) and to hear that the peer is back.
 */
export const DEPARTED_GRACE_MS = 20_000
/** A link nobody used and whose peer is gone is forgotten after this: longer than any message lives, so none comes twice. */
export const LINK_LINGER_MS = LINK_TTL_MS + 60_000

/** A direct path is asked for a sign of life when it was silent this long… */
export const PATH_PING_MS = 2_000
/**
 * …and is left for the relay when it owes an answer and is silent for four round trips and four times their jitter, between
 * these. So a cut is noticed in half a second where there is traffic; the least is what a busy page may be busy.
 */
export const PATH_SILENCE_LEAST_MS = 500
export const PATH_SILENCE_MS = 1_500
/** A direct path that speaks again proves itself for so long before traffic returns: doubled each time, to the cap… */
export const PATH_PROVING_MS = 500
export const PATH_PROVING_MAX_MS = 16_000
/** …unless it had been well for so long. */
export const PATH_STEADY_MS = 60_000

// ---- keys of links --------------------------------------------------------------------------------------------

/** A first message of a handshake nobody answered is sent again after this, doubled each time to the cap. */
export const KEYING_RESEND_MS = 1_000
export const KEYING_RESEND_MAX_MS = 8_000
/** Of two dials that cross, the one that stands does so for as many tries: then perhaps nobody hears it. */
export const KEYING_CROSSED_TRIES = 2
/** A resumption as often unanswered is given up for a full handshake: the peer's ticket is gone, or its answer lost. */
export const KEYING_RESUME_TRIES = 2
/** A dial as often unanswered is made through another room, if there is one: 1 + 2 + 4 s. This one may keep what it should carry. */
export const KEYING_DIAL_TRIES = 3
/** A join as often unanswered ends the way: 1 + 2 + 4 s. */
export const KEYING_JOIN_TRIES = 3
/** So long the answer to a resumption is remembered, in case it was lost. */
export const KEYING_REMEMBER_MS = 20_000
/** With something to say, and no way the other side joined for so long, we dial ourselves. */
export const KEYING_STRANDED_MS = 3_000
/**
 * First messages answered per second over all peers, and saved up: each may cost a phone 20 ms where lattices are computed
 * in JavaScript. A room of 50 that meets at once has its answers within a second. Beyond it: dropped, and sent again.
 */
export const HANDSHAKES_PER_SECOND = 20
export const HANDSHAKES_BURST = 50
/** Of one peer, so that nobody can use up what is there for all. A peer that reloads again and again needs no more. */
export const HANDSHAKES_OF_PEER_PER_SECOND = 1
export const HANDSHAKES_OF_PEER_BURST = 5
/** Records that came before the keys they are under: as many are held for a link, and as many bytes. Beyond it: dropped. */
export const HELD_RECORDS_MAX = 64
export const HELD_RECORDS_BYTES_MAX = MIB
/**
 * Records of a link that came and are not opened yet, each with what its turn costs beside its bytes. More than what an
 * honest peer may have under way on all lanes and a page that slept hears at once. Beyond it: dropped.
 */
export const OPENING_BYTES_MAX = 8 * MIB
export const OPENING_OVERHEAD_BYTES = 256
/** Peers we keep tickets of, the last met: the members of a full room. Beyond it: the next meeting is a full handshake. */
export const TICKETS_PEERS_MAX = 1_000
/** Of these the last so many outlive a reload: with three tickets each they fill one value of the store, 16 KiB. */
export const TICKETS_PEERS_KEPT = 60
/** Link frames that leave together share a record of at most so many bytes: what a relay frame holds beside its headers. */
export const RECORD_BODY_BYTES_MAX = MESSAGE_BYTES_MAX - 5 - 24
/** Datagrams to a peer whose link is being made wait, so many at most and so long. */
export const DATAGRAMS_HELD_MAX = 32
export const DATAGRAMS_HELD_MS = 3_000

// ---- streams --------------------------------------------------------------------------------------------------

/**
 * Streams that one of two peers may have open to the other at once. Each may hold its first window, so 8,192 × 8 KiB are the
 * 64 MiB that a hostile opener can make an application hold which accepts everything and reads nothing. Beyond it: the
 * stream is refused as `too-many`; at our own side `open` throws `queue-full`.
 */
export const STREAMS_MAX = 8_192
/** What may be sent on a stream before its reader read anything: a request and then some, without a round trip. */
export const STREAM_WINDOW_LEAST_BYTES = 8 * KIB
/** What a stream's window grows to while it is read: the lane's own, so that one stream alone fills it. */
export const STREAM_WINDOW_MOST_BYTES = LINK_WINDOW_BYTES
/** Growing is eightfold: 8 KiB, 64 KiB, 512 KiB, 1 MiB, so a stream is at full speed after three round trips. */
export const STREAM_WINDOW_GROWTH = 8
/** What the windows of a link's streams may have grown by, all together. Beyond it: a stream keeps the window it has. */
export const STREAMS_GROWTH_BYTES_MAX = 16 * MIB
/** A message of the streams' lane: one fragment, so that nothing waits for the rest of it. Beyond it: dropped as `too-large`. */
export const STREAMS_MESSAGE_BYTES_MAX = FRAGMENT_BYTES_MAX
/** Bytes handed to the lane and not acknowledged: it is never out of work, and what waits to take its turn waits with us. */
export const STREAMS_UNSETTLED_BYTES_MAX = LINK_WINDOW_BYTES + 256 * KIB
/** Messages likewise: tiny writes go at once, sixty-four times; then they travel together. */
export const STREAMS_UNSETTLED_MESSAGES_MAX = 64
/** What of a stream was written and not handed over before a write waits: one message, so that messages go out full. */
export const STREAM_PENDING_BYTES_MAX = 32 * KIB
/** Refusals not yet sent. Only a peer that opens and never acknowledges makes more; beyond it: they are not sent. */
export const STREAM_REFUSALS_MAX = 1_024
/** A stream's label in UTF-8: one byte says its length. */
export const STREAM_LABEL_BYTES_MAX = 255

// ---- direct connections ---------------------------------------------------------------------------------------

/** A datagram, which travels in one piece. Beyond it: `too-large`. */
export const DATAGRAM_BYTES_MAX = 16 * KIB

/** Data channel bytes waiting in the browser above which we wait, and below which we go on. */
export const CHANNEL_HIGH_BYTES = MIB
export const CHANNEL_LOW_BYTES = 256 * KIB

/** An offer or answer that got no reply is sent again after this. The room may have been reconnecting. */
export const SIGNAL_RESEND_MS = 3_000
/** An attempt that has no open channel after this has failed: Chromium itself never says so when all candidates are unresolvable. */
export const ATTEMPT_TIMEOUT_MS = 16_000
/**
 * New connections made because a peer offers them, per second and saved up. Chromium makes 500 for a page and counts those
 * that are closed until it collects them, so a peer that offers without end would leave none for others. Beyond it: dropped,
 * and offered again.
 */
export const OFFERS_PER_SECOND = 1 / 2
export const OFFERS_BURST = 8
/** ICE is restarted when a path stayed dead this long after being open. */
export const ICE_RESTART_AFTER_MS = 1_500
/** The link has been patient before it says that a path is silent: so much more, and two seconds have passed. */
export const ICE_RESTART_SILENT_MS = 1_000
/** A restart that has not brought the path back by then never does; a new connection may. */
export const RESTART_TIMEOUT_MS = 8_000
/**
 * Between peers that had a direct path in the last minutes another is likely, and a line may be back any second: attempts
 * are so far apart at first and at most, so that a path that is possible again is found within ten seconds.
 */
export const RECOVERY_MS = 600_000
export const RECOVERY_RETRY_MS = 1_000
export const RECOVERY_RETRY_MAX_MS = 8_000
/** After a failed attempt the next waits this long, doubled each time to the cap. */
export const ATTEMPT_RETRY_MS = 15_000
export const ATTEMPT_RETRY_MAX_MS = 300_000
/**
 * So long a direct connection that is wanted waits for the relay's handshake: making it would hold up the keys it cannot do
 * without. A slow relay shall not hold it up for much longer.
 */
export const DIRECT_WAITS_MS = 100
/** Candidates found within this are sent in one frame. */
export const CANDIDATE_GATHER_MS = 20

/** Rooms up to this size connect everybody with everybody; in larger ones a direct path is made on first use. */
export const MESH_PEERS_MAX = 10
/** Direct connections of one browser. Beyond it: further peers are reached by relay. */
export const CONNECTIONS_MAX = 20

// ---- admission ------------------------------------------------------------------------------------------------

/** How long there is to make a stamp: a slow phone at the hardest puzzle, asleep in between. After it: `expired`. */
export const CHALLENGE_LIFETIME_MS = 600_000
/** Machines of one edge do not agree on the second. Earlier than this: `expired` too. */
export const CHALLENGE_EARLY_MS = 30_000

/** Puzzles in one stamp. One large puzzle may take five times as long as another; sixteen small ones differ by a quarter. */
export const STAMP_PUZZLES = 16
/** Zeros of each puzzle's hash: 2^20 hashes in all, about a second of one thread of a browser. */
export const STAMP_BITS = 16
/** Sixty-four times that, a minute: beyond it people are kept out, and native solvers still are not. */
export const STAMP_BITS_MAX = 22

/** Passes one isolate gives per second before it asks for more work. An application that opens everywhere at once is no attack. */
export const PASSES_PER_SECOND_CALM = 64
/** What the measure of load is averaged over: longer than a crowd's arrival flickers, shorter than anybody waits. */
export const LOAD_WINDOW_MS = 10_000

/** After it a pass must be renewed or asked for anew: the time for which somebody blocked may be let in by an edge that lags. */
export const PASS_LIFETIME_MS = 3_600_000
/**
 * So long before its end a client asks its rooms for the next pass, and no earlier than half of this later, by chance: those
 * who came at once shall not ask at once, and there is time to ask again.
 */
export const PASS_RENEWAL_MS = 900_000
/** Between two askings of one room: one that does not answer will not be made to by asking more often. */
export const PASS_RENEWAL_RETRY_MS = 60_000
/** Passes that may be refused in a row before we give up: a new secret reaches one machine of the edge before another. */
export const PASS_REFUSALS_MAX = 2

/** Stamped requests on one challenge: the first, and retries whose answer got lost. Each costs a signature's check. Beyond: `spent`. */
export const CHALLENGE_TRIES_MAX = 4
/** Challenges an isolate remembers as answered, in each of two halves: 2 × 8,192 × about 150 bytes. Beyond: the oldest half is forgotten. */
export const SPENT_REMEMBERED_MAX = 8_192

// ---- identities -----------------------------------------------------------------------------------------------

/** An identity's name. Where a file holds it each character may take three, and a file's name has 255 at most. Beyond it: RangeError. */
export const IDENTITY_NAME_LENGTH_MAX = 64

/** A passphrase: longer ones say nothing more, and each must be read. Beyond it: RangeError. */
export const PASSPHRASE_LENGTH_MAX = 1_024

/**
 * Rounds of PBKDF2-HMAC-SHA-256 that make a key of a passphrase: what is commonly advised for it (OWASP, 2023 to 2026). A
 * fifth of a second of a desktop, about one of a slow phone; a short word is guessed all the same.
 */
export const PASSPHRASE_ROUNDS = 600_000
/** A backup may ask for so many, a few seconds; a forged one must not hang a page for hours. Beyond it: it does not open. */
export const PASSPHRASE_ROUNDS_MAX = 10_000_000

/** A tab that is reloaded dies a moment after its successor is born: so long an identity is waited for. After it: `identity-in-use`. */
export const IDENTITY_LOCK_WAIT_MS = 300

/** What an identity keeps for its links: a ticket for each of as many peers as a large room has. Beyond it: `too-large`. */
export const STORE_ENTRIES_MAX = 1_024
/** One such value: far more than a ticket. Beyond it: `too-large`. */
export const STORE_VALUE_BYTES_MAX = 16 * KIB
// ---- vaults ---------------------------------------------------------------------------------------------------

/** A vault's values: letters, and the sessions and keys of those who write them. As many as are listed at once without a wait. Beyond it: `too-large`. */
export const VAULT_ENTRIES_MAX = 20_000
/** One value: a letter and what is attached to it; larger things have no place in a mailbox either. Beyond it: `too-large`. */
export const VAULT_VALUE_BYTES_MAX = MIB
/** A value's name in UTF-8: a word, and two ids as text. One byte says its length. Beyond it: `too-large`. */
export const VAULT_NAME_BYTES_MAX = 255
/** What is changed at once: it is held in memory twice, as it was and sealed. Sixteen of the largest values. Beyond it: `too-large`. */
export const VAULT_COMMIT_BYTES_MAX = 17 * MIB
/** All of a vault as it lies on the disk, names too: what any browser gives a site without asking its user. Beyond it: `too-large`. */
export const VAULT_BYTES_MAX = 128 * MIB
/** In Node, a log shorter than this is not worth rewriting, whatever of it is garbage: it is read in a moment. */
export const VAULT_LOG_LEAST_BYTES = MIB

// ---- sealed broadcasts ----------------------------------------------------------------------------------------

/**
 * Others in a room to whom a broadcast goes one by one. Four sealings cost less than a generation of keys for them, which
 * are as many messages again. Beyond it: sender keys, one frame for all.
 */
export const BROADCAST_PAIRWISE_MAX = 4
/**
 * A sender's chain is replaced after so long or so many, three minutes of the busiest sender: whoever read a member's memory
 * is out again. Costs a message to each member, so in a room of 1,000 a sixteenth of a message for each broadcast.
 */
export const BROADCAST_GENERATION_MS = 3_600_000
export const BROADCAST_GENERATION_MAX = 2 ** 14
/**
 * Lost broadcasts in a row that a receiver steps over, which is so many hashes (8 ms in JavaScript, 40 by a slow platform's own).
 * Beyond: `too-far`, and it asks. Each frame that then does not open halves it down to the least, until one does: forged
 * frames cost hardly more than real ones.
 */
export const BROADCAST_STEPS_MAX = 256
export const BROADCAST_STEPS_LEAST = 8
/** Generations of one sender whose frames may still be under way, and ids remembered of erased ones. Beyond: the oldest goes. */
export const BROADCAST_GENERATIONS_KEPT = 8
/**
 * How long the room may still bring what was sent before something that a link brought. The membership holds broadcasts back
 * for 3 s after a reconnect; and a round trip or two. After it: the old keys are erased, and what comes then is dropped.
 */
export const BROADCAST_ORDER_MS = 5_000
/** A frame waits so long for its key: a handshake through the room, its messages sent again twice. After it: `no-key`. */
export const BROADCAST_HELD_MS = 10_000
/** Frames of one sender that wait for keys: the burst of a busy one (30 a second in a room of six) while a link comes up. */
export const BROADCAST_HELD_MAX = 128
/** All that waits in one room, for keys, for order or for its sender to arrive: what one socket may send at once, halved. */
export const BROADCAST_HELD_BYTES_MAX = 4 * MIB
/** Frames taken in and not opened yet: a second of one socket at its full rate. Beyond: `overloaded`. */
export const BROADCAST_OPENING_BYTES_MAX = 4 * MIB
/** A key on its way overtakes nothing: a frame without one is asked about only after this… */
export const BROADCAST_ASK_MS = 2_000
/** …and its sender again not before this, since question and answer wait for the same link as the key. */
export const BROADCAST_ASK_AGAIN_MS = 10_000
/** Who left may have said something that is still under way on its link: as long as the link itself waits for it. */
export const BROADCAST_DEPARTED_MS = DEPARTED_GRACE_MS

// ---- mailboxes ------------------------------------------------------------------------------------------------

/**
 * What an envelope may measure, exactly, each four times the one before: whoever counts bytes learns one of four numbers. A
 * page of text fits the least; a first message, with its sender's key and signature, needs the second. Beyond the last: RangeError.
 */
export const MAIL_ENVELOPE_CLASSES = [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB] as const
export const MAIL_ENVELOPE_BYTES_MAX = 256 * KIB
/** A message of a mailbox's socket: the largest envelope, and a put's fields before it. */
export const MAILBOX_MESSAGE_BYTES_MAX = MAIL_ENVELOPE_BYTES_MAX + KIB

/** Letters and bytes that one mailbox keeps. Ten thousand heads are 2 MB of an object's memory. Beyond it: `over-quota`. */
export const MAILBOX_LETTERS_MAX = 10_000
export const MAILBOX_BYTES_MAX = 64 * MIB
/**
 * What share of that letters of a priority and those below it may fill, so that there is room left for the more urgent.
 * Nothing that was stored is ever thrown out for it.
 */
export const MAILBOX_SHARES = { critical: 1, high: 0.9, normal: 0.75, low: 0.5 } as const
/** …and what strangers may, whatever they call urgent: a flood of theirs leaves contacts three quarters. */
export const MAILBOX_STRANGERS_SHARE = 0.25

/** How long a letter is kept: by default a week, as long as people are away. Outside: brought inside, and the sender told. */
export const MAIL_TTL_MS = 604_800_000
export const MAIL_TTL_LEAST_MS = 60_000
export const MAIL_TTL_MOST_MS = 2_592_000_000

/** Letters and bytes that contacts may put a second and save up: a conversation's burst, a queue that an outage filled. */
export const MAILBOX_CONTACTS_PER_SECOND = 100
export const MAILBOX_CONTACTS_BURST = 1_000
export const MAILBOX_CONTACTS_BYTES_PER_SECOND = 2 * MIB
export const MAILBOX_CONTACTS_BYTES_BURST = 16 * MIB
/** …and strangers: each has worked a second for it, so this is fifty at once, then one each second. */
export const MAILBOX_STRANGERS_PER_SECOND = 1
export const MAILBOX_STRANGERS_BURST = 50
export const MAILBOX_STRANGERS_BYTES_PER_SECOND = 64 * KIB
export const MAILBOX_STRANGERS_BYTES_BURST = 2 * MIB

/** Senders' sockets at one mailbox: an object holds 32,768, and the owner must find a place. Beyond it: `edge-busy`; HTTP goes on. */
export const MAILBOX_SENDERS_MAX = 1_000
/** Puts that wait to be verified. Each holds its envelope; 64 MiB is half of what an isolate has. Beyond it: `rate-limited`. */
export const MAILBOX_VERIFYING_MAX = 256
/** Puts that share a transaction: what one commit carries without holding up a read for long. */
export const MAILBOX_SHARED_MAX = 64

/** A full mailbox is asked again no sooner: its owner may come any minute, and nobody knows which. */
export const MAILBOX_FULL_RETRY_MS = 60_000
/** A store that failed is left in peace so long: whatever it is, asking at once would not end it. */
export const MAILBOX_STORE_REST_MS = 5_000

/**
 * A mailbox reports its figures at once after a pause of this, and then no more often; the last of them after it. Less than the
 * ten seconds after which an idle object sleeps, and forgets what it counted. A busy one so adds fifteen rows a minute.
 */
export const MAILBOX_REPORT_MS = 8_000
/** A registry adds up its mailboxes no more often: it reads a row of each. */
export const REGISTRY_SUM_MS = 5_000

/** Letters and bytes under way to an owner that has not taken them: by default, and at most. */
export const MAILBOX_WINDOW_LETTERS = 64
export const MAILBOX_WINDOW_BYTES = MIB
export const MAILBOX_WINDOW_LETTERS_MOST = 1_024
export const MAILBOX_WINDOW_BYTES_MOST = 4 * MIB
/**
 * Windows' worth of letters that an owner has been given and has not taken: after a reconnect what is under way comes again,
 * and perhaps more urgent ones before it. Beyond it: dropped as `over-window`, and asked for again when there is room.
 */
export const HOME_HELD_WINDOWS = 2
/**
 * Ids an owner remembers of letters it took: `took` has no answer, and may be lost with its socket, a window of them each time.
 * About 500 KB. Beyond it: the oldest is forgotten, and a letter that comes all the same is handed over once more.
 */
export const HOME_TAKEN_REMEMBERED = 4_096
/** Letters of one page that is read over HTTP, and bytes after which it ends. */
export const MAILBOX_PAGE_LETTERS_MAX = 100
export const MAILBOX_PAGE_BYTES_MAX = MIB
/** Letters acknowledged in one request or frame. */
export const MAILBOX_TOOK_MAX = 1_024
/** Ids remembered of letters that are gone, so that a put repeated late is known. Beyond: the oldest is forgotten; clients remember too. */
export const MAILBOX_GONE_REMEMBERED = 4_096

/** Access keys an owner has at once: the present one, and those it is rotating away from. */
export const MAILBOX_ACCESS_KEYS_MAX = 4
/** One-time prekeys a mailbox keeps: two signed batches. Beyond it: the older batch is replaced. */
export const MAILBOX_PREKEYS_MAX = 128
/** One-time prekeys drawn by strangers, a second and saved up. Beyond it: the signed prekey alone. */
export const MAILBOX_DRAWS_PER_SECOND = 1 / 10
export const MAILBOX_DRAWS_BURST = 32
/** With so few left the owner is told. */
export const MAILBOX_PREKEYS_LOW = 16

// ---- mail -----------------------------------------------------------------------------------------------------

/** One-time prekeys under one signature: 89 KiB to publish, 0.2 s to make in JavaScript, two months of a new contact a day. */
export const MAIL_ONE_TIME_MAX = 64
/** A signed prekey is offered no longer: who is away for a month can be written to until then. Beyond it: `expired`. */
export const MAIL_PREKEY_MS = 30 * 24 * 3_600_000
/** An owner that is there publishes the next one this often: so long what a stolen prekey opens goes on being written. */
export const MAIL_PREKEY_ROTATION_MS = 7 * 24 * 3_600_000
/** So late mail may come: as long as mailboxes keep it. Keys of messages that were stepped over are kept no longer than this. */
export const MAIL_LATE_MS = 30 * 24 * 3_600_000
/** Until it is answered an introduction is repeated, for so long after it was made; then it takes a fresh bundle. */
export const MAIL_REPEAT_MS = 7 * 24 * 3_600_000
/** Clocks may differ by so much: the commonest mistake is the wrong time zone. Beyond it: `too-early` or `hour`. */
export const MAIL_CLOCK_SKEW_MS = 24 * 3_600_000
/** One a week for rotation, repetition and lateness is seven; a forged envelope costs a decapsulation each. Beyond: the oldest goes. */
export const MAIL_SIGNED_KEPT_MAX = 8
/** One-time prekeys kept, 44 bytes each: of as many publications as signed prekeys. Beyond: the oldest go. */
export const MAIL_ONE_TIME_KEPT_MAX = MAIL_SIGNED_KEPT_MAX * MAIL_ONE_TIME_MAX
/** First messages without a one-time prekey, 20 bytes each until their prekey is erased. Beyond: `too-much-held`, as none may be forgotten. */
export const MAIL_REMEMBERED_MAX = 8_192
/** Sessions of one pair: two that wrote first at once, and the same again after a lost state. Beyond: the longest unused goes. */
export const MAIL_SESSIONS_MAX = 4
/** Keys of a correspondent's late messages, 45 KB, and steps within a turn, 2,000 hashes. Beyond: the oldest go; `too-far`. */
export const MAIL_SKIPPED_MAX = 1_000
/** Turns of a session that may still have late messages; each costs an HMAC for every envelope that comes. Beyond: the oldest goes. */
export const MAIL_CHAINS_MAX = 6

// ---- mail of a client ------------------------------------------------------------------------------------------

/** A message that a link has not brought after so long is kept on the device. Longer than nearly every acknowledgement takes. */
export const MAIL_KEEP_AFTER_MS = 250
/** Puts and sealings under way at once: what a browser has connections for, less those a page needs. */
export const MAIL_PUTS_MAX = 4
/** A put that did not get through is tried again after this, doubled to the cap, with jitter. */
export const MAIL_RETRY_BASE_MS = 1_000
export const MAIL_RETRY_MAX_MS = 300_000
/** Proofs of one letter that are refused before it is given up: an old card, a challenge that ran out, and one more. */
export const MAIL_PROOFS_MAX = 3
/** Messages in the outbox, and bytes. Beyond either: `queue-full`. */
export const MAIL_OUTBOX_MESSAGES_MAX = 1_000
export const MAIL_OUTBOX_BYTES_MAX = 32 * MIB
/** One message by mail: four of the largest envelopes, and one value of a vault. What is larger waits for a stream. Beyond it: `too-large`. */
export const MAIL_MESSAGE_BYTES_MAX = 900 * KIB
/** Pieces of one message: as many as it takes in envelopes of 64 KiB, which a sender of another make may use. Beyond it: `too-large`. */
export const MAIL_PARTS_MAX = 16
/** Messages of one peer that came in part, and of all peers. Beyond either the oldest goes (`too-much-held`). */
export const MAIL_PARTIALS_OF_PEER_MAX = 4
export const MAIL_PARTIALS_MAX = 16
/**
 * Messages, and their bytes, that the application was not given or is not done with. Beyond either nothing more is taken out
 * of the mailbox, which has room for ten times as many.
 */
export const MAIL_INBOX_MESSAGES_MAX = 1_000
export const MAIL_INBOX_BYTES_MAX = 32 * MIB
/** Receipts kept for one peer that cannot be told: what a day's conversation comes to. Beyond it: the oldest is never told. */
export const MAIL_TOLD_MAX = 256
/**
 * Peers whose correspondence is kept, a few KiB each. Beyond it the one goes that was used longest ago of those we never
 * wrote to; where we wrote to all, no stranger's first letter is taken (`too-much-held`).
 */
export const MAIL_PEERS_MAX = 4_096
/**
 * More one-time prekeys are made no sooner than this, whatever the mailbox says is left of them: strangers draw no faster than
 * it takes 48 of them. Each time costs 0.2 s of JavaScript, and one who lies about it could have all of ours replaced.
 */
export const MAIL_REPLENISH_MS = 120_000
/** Of an answer to a client, beside prekeys (11 KiB as text). What is longer is no answer. */
export const MAIL_ANSWER_BYTES_MAX = 64 * KIB
/** Letters that came and are not opened yet; more are not let in by the window of the home socket. */
export const MAIL_HANDLING_MAX = 64
/** Ids of messages remembered, so that none comes twice whichever way: what a busy month brings, 1 MB. */
export const MAIL_IDS_REMEMBERED = 32_768
/** Receipts wait so long for company, or for the next letter to their peer. */
export const MAIL_RECEIPT_DELAY_MS = 2_000
/** Receipts in one letter. */
export const MAIL_RECEIPTS_MAX = 100

// ---- the mesh (dht/mesh) ---------------------------------------------------------------------------------------

/** Neighbours of one bucket: Kademlia's k. Beyond it: the one that was silent longest is pinged, and makes room if it does not answer. */
export const MESH_BUCKET_MAX = 20
/** Neighbours altogether: more links than a browser keeps, so that only a process ever meets it. Beyond it: the host is told. */
export const MESH_NEIGHBOURS_MAX = 64
/** Links a request travels. 10,000 nodes are five apart, 100,000 six or seven (test/sim/README.md). Beyond it: the path ends. */
export const MESH_HOPS_MAX = 10
/**
 * Steps away from its key that a request may go, where no neighbour is nearer or one is silent: the nearest node is often a new one
 * that has nothing yet. Each more doubles what it costs to find that there is nothing.
 */
export const MESH_DETOURS = 1
/** …and one that stores: each node of the walk around the key keeps a copy. */
export const MESH_STORE_DETOURS = 4
/**
 * …of a thorough lookup. As long as there are more of them than above, a node that is told of nothing tries its next neighbour as well.
 */
export const MESH_DETOURS_THOROUGH = 3
export const MESH_DETOURS_MAX = 8
/** Paths a lookup begins with: Kademlia's alpha, and one more. */
export const MESH_PATHS = 4
/** …and at most: with a fifth of the nodes malicious half the paths come to nothing, and those that meet are refused. A client has 20 links. */
export const MESH_PATHS_MAX = 16
/** So many more may be under way for each that brought nothing: what is not there shall not take sixteen paths one after another. */
export const MESH_PATHS_AFTER_NOTHING = 2
/** Paths one that stores begins with: so many chains of copies begin at different neighbours. */
export const MESH_STORE_PATHS = 4
/** Copies a path is believed to have left: no more than its walk around the key and itself. Liars say any number. */
export const MESH_COPIES_OF_PATH = 5
/** Copies that are wanted: Kademlia's k. Reached: no further path is begun. */
export const MESH_COPIES = 20
/** Paths that agree before a lookup of what has versions ends early: two may both have missed the last republishing. */
export const MESH_QUORUM = 3
/** A lookup takes no longer. */
export const MESH_LOOKUP_MS = 10_000
/** …and a path of it: eight hops there and back between continents. */
export const MESH_PATH_MS = 3_000
/** A node gives the next one so much less time than it has: its own answer must still arrive. */
export const MESH_HOP_MS = 250
/** With less time left a request is not sent on: no answer could come back. */
export const MESH_HOP_MS_MIN = 50
/**
 * Silent for this times the links it has left, a request is sent another way too. So those behind try first, and those before wait for
 * what comes of it.
 */
export const MESH_SILENCE_MS = 150
/** Until a path that is silent gets company: at least, at most, and so many times a neighbour's round trip while nothing was measured. */
export const MESH_PATIENCE_MS_MIN = 400
export const MESH_PATIENCE_MS_MAX = 3_000
export const MESH_PATIENCE_ROUND_TRIPS = 6
/** What one node tries for one request, counting those that refuse at once. */
export const MESH_TRIES_MAX = 4
/** A neighbour that does not answer a ping for so long is not asked any more, until it says something. */
export const MESH_PONG_MS = 3_000
/** Neighbours nearer to a key than a node that still keeps what is on its way there. */
export const MESH_NEAR = 8
/** Requests of one neighbour a second, and saved up. A lookup of its own is one of them, or two. Beyond: refused as busy, and dropped. */
export const MESH_ASKS_PER_SECOND = 20
export const MESH_ASKS_BURST = 200
/** Messages altogether, answers and pings as well. Beyond it: dropped, unread. */
export const MESH_MESSAGES_PER_SECOND = 100
export const MESH_MESSAGES_BURST = 1_000
/** …and bytes of both. A record of 64 KiB may come at once. Beyond: dropped. */
export const MESH_BYTES_PER_SECOND = 128 * KIB
export const MESH_BYTES_BURST = 2 * MIB
/** Requests sent on for others and not answered yet: 100 bytes each, and what is to be stored. Beyond: refused as busy. */
export const MESH_CARRIED_MAX = 512
/** …for one neighbour. */
export const MESH_CARRIED_OF_NEIGHBOUR_MAX = 64
/** Lookups of our own at once. Beyond it: the host's mistake, a RangeError. */
export const MESH_LOOKUPS_MAX = 64
/** Lookups a node remembers having carried, so that it carries each once. Beyond it: the oldest is forgotten, and may come by again. */
export const MESH_SEEN_MAX = 1_024
/** What others are waiting to have verified before it is kept: a signature takes 2 ms. Beyond it: refused as busy. */
export const MESH_VERIFYING_MAX = 32
/** Records a node holds for others, and their bytes: what a tab can spare. Beyond either: what is farthest from it goes. */
export const MESH_HELD_RECORDS_MAX = 1_024
export const MESH_HELD_BYTES_MAX = 8 * MIB
/** Providers of one key: as many as one answer lists. Beyond it: the one whose time ends first goes. */
export const MESH_PROVIDERS_MAX = 16
/** One record on the mesh: a value of 64 KiB, its head, and what a name adds. Beyond it: malformed. */
export const MESH_RECORD_BYTES_MAX = 64 * KIB + 8 * KIB
/** Nodes one answer names: Kademlia's k. */
export const MESH_NODES_MAX = 20
/** What we publish is stored again after so long, give or take a quarter: of 20 nodes 15 are still there then (Weibull, 24 min on average). */
export const MESH_REPUBLISH_MS = 600_000
/** Records of our own that are kept published. Beyond it: the host's mistake, a RangeError. */
export const MESH_PUBLISHED_MAX = 256
/** …and that are being stored at once: whoever comes back with all of them has other things to say too. Beyond it: they wait. */
export const MESH_PUBLISHING_MAX = 4
/** Buckets without a neighbour are told to the host so often: finding one costs a visit to a room. */
export const MESH_REFRESH_MS = 30_000
/** Nearest neighbours that are wanted: with fewer a key's nearest nodes do not know each other. */
export const MESH_NEAREST_WANTED = 4
