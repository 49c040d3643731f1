// Mail at an edge that is an attacker's: whatever it repeats, swaps, invents, withholds or breaks off, nothing is heard twice,
// nothing is heard that nobody said, nobody spins, and what is held has a bound.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryVault } from '../../client/identities/vault.ts'
import type { MessageEvent, ReceiptEvent, Waypost } from '../../client/index.ts'
import type { Changes } from '../../client/mail/records.ts'
import { MailState } from '../../client/mail/state.ts'
import { openSuite } from '../../client/secure.ts'
import { makePrekeys } from '../../protocol/crypto/mail/prekeys.ts'
import {
  HEAD_BYTES,
  joinBundle,
  type Split,
  splitPublication,
} from '../../protocol/crypto/mail/publication.ts'
import {
  MAIL_INBOX_BYTES_MAX,
  MAIL_PARTIALS_OF_PEER_MAX,
  MAIL_PARTS_MAX,
  MAIL_PEERS_MAX,
  MAIL_RECEIPT_DELAY_MS,
} from '../../protocol/limits/client-mail.ts'
import { MAIL_ENVELOPE_BYTES_MAX } from '../../protocol/limits/mail.ts'
import { HOME_HELD_WINDOWS, MAILBOX_WINDOW_BYTES } from '../../protocol/limits/mailbox.ts'
import { KIB } from '../../protocol/limits/units.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { encodeData } from '../../protocol/wire/data.ts'
import { type MailOwner, newEnvelope, newOwner } from '../support/mail.ts'
import { client, codeOf } from './clients.ts'
import {
  type Answer,
  type Box,
  ENDLESS,
  type HomeSocket,
  HostileEdge,
  type HostileLetter,
  letterOf,
} from './hostile-mail.ts'
import { attacker, idOf, said } from './hostile-peer.ts'

const DAY_MS = 24 * 3_600_000
/** Of the largest letters: what a mailbox that keeps to the window has under way of them. */
const WINDOW_LETTERS = MAILBOX_WINDOW_BYTES / MAIL_ENVELOPE_BYTES_MAX

let edge: HostileEdge
beforeEach(async () => {
  edge = await HostileEdge.start()
})
afterEach(() => {
  for (const timer of timers) clearInterval(timer)
  timers.clear()
  edge.stop()
})
const timers = new Set<ReturnType<typeof setInterval>>()

/** Somebody with mail whose mailbox is open, and what it hears. */
async function opens() {
  const waypost = await client(edge.url, { mail: true })
  const [messages, receipts]: [MessageEvent[], ReceiptEvent[]] = [[], []]
  const listens = () => waypost.on('message', (message) => void messages.push(message))
  const stops = listens()
  waypost.on('receipt', (receipt) => void receipts.push(receipt))
  await expect.poll(() => waypost.status().mail?.state).toBe('open')
  const box = edge.box(waypost.id)
  return { waypost, messages, receipts, box, listens, stops, texts: () => messages.map(({ data }) => data) }
}

const dropsOf = (waypost: Waypost) => waypost.status().drops

/** Until all that was pushed has been looked at: each letter is taken, whatever it was. */
async function takes(box: Awaited<ReturnType<typeof opens>>['box'], count: number): Promise<void> {
  await expect.poll(() => new Set(box.home?.took).size).toBeGreaterThanOrEqual(count)
}

describe('a mailbox that', () => {
  it('repeats letters, under their ids and under others, is heard once', async () => {
    const [alice, bob] = [await opens(), await opens()]
    for (const text of ['one', 'two', 'three']) await alice.waypost.send(bob.waypost.id, text)
    await expect.poll(bob.texts).toEqual(['one', 'two', 'three'])
    const letters = edge.put.filter(({ mailbox }) => mailbox === bob.waypost.id)
    expect(letters).toHaveLength(3)
    bob.box.home?.letters(letters)
    const renamed = letters.map((letter, i) => ({ ...letter, id: idOf(i + 1) }))
    bob.box.home?.letters(renamed)
    await takes(bob.box, 6)
    // Another life of the socket knows no more than the mailbox tells it.
    bob.box.letters = [...letters, ...letters.map((letter, i) => ({ ...letter, id: idOf(i + 101) }))]
    bob.box.home?.drop()
    await expect.poll(() => bob.box.letters).toEqual([])
    await alice.waypost.send(bob.waypost.id, 'four')
    await expect.poll(() => bob.texts().length).toBeGreaterThan(3)
    expect(bob.texts()).toEqual(['one', 'two', 'three', 'four'])
  })

  it('turns their order round brings each once', async () => {
    const [alice, bob] = [await opens(), await opens()]
    await alice.waypost.send(bob.waypost.id, 'first')
    await expect.poll(bob.texts).toEqual(['first'])
    bob.box.home?.drop()
    edge.lies.home = () => true // Nothing is said on the next socket.
    for (const text of ['a', 'b', 'c', 'd']) await alice.waypost.send(bob.waypost.id, text)
    edge.lies = {}
    const letters = edge.put.filter(({ mailbox }) => mailbox === bob.waypost.id).slice(1)
    bob.box.letters = letters.toReversed()
    bob.box.home?.drop()
    await expect.poll(() => bob.texts().length).toBe(5)
    expect(bob.texts().toSorted()).toEqual(['a', 'b', 'c', 'd', 'first'])
  })

  it('delivers what is for others is not believed', async () => {
    const [alice, bob, carol] = [await opens(), await opens(), await opens()]
    await alice.waypost.send(carol.waypost.id, 'for carol')
    await expect.poll(carol.texts).toEqual(['for carol'])
    const [letter] = edge.put.filter(({ mailbox }) => mailbox === carol.waypost.id)
    bob.box.home?.letters([letter as HostileLetter])
    await takes(bob.box, 1)
    expect([bob.texts(), dropsOf(bob.waypost)]).toEqual([[], { 'not-for-us': 1 }])
  })

  it('changes a bit of a letter is not believed, and the letter itself still comes', async () => {
    const bob = await opens()
    const seals = await attacker(bob)
    const letter = await seals(said(1))
    const touched: HostileLetter[] = []
    for (const at of [0, 20, 1_500, letter.envelope.length - 1]) {
      const envelope = letter.envelope.slice()
      envelope[at] = (envelope[at] as number) ^ 1
      touched.push(await letterOf(envelope))
    }
    bob.box.home?.letters([...touched, letter])
    await takes(bob.box, 5)
    expect(bob.texts()).toEqual(['said 1'])
    expect(Object.values(dropsOf(bob.waypost)).reduce((sum, n) => sum + n, 0)).toBe(4)
  })

  it('says stored and forgets is not told from a peer that stays away: there is no receipt', async () => {
    const [alice, bob] = [await opens(), await opens()]
    edge.lies.forgets = true
    const lost = await alice.waypost.send(bob.waypost.id, 'lost')
    expect(lost.via).toBe('mailbox')
    edge.lies = {}
    const kept = await alice.waypost.send(bob.waypost.id, 'kept')
    await expect.poll(() => alice.receipts.filter(({ state }) => state === 'read')).toHaveLength(1)
    expect(bob.texts()).toEqual(['kept'])
    expect(new Set(alice.receipts.map(({ id }) => id))).toEqual(new Set([kept.id]))
  })

  it('gives one one-time prekey to two: the second is not heard, and nothing else is harmed', async () => {
    const [alice, bob, carol] = [await opens(), await opens(), await opens()]
    const bundle = joinBundle(bob.box.head as Uint8Array, bob.box.oneTime[0])
    edge.lies.draw = (mailbox) => (mailbox === bob.waypost.id ? edge.drawn(bundle) : undefined)
    await alice.waypost.send(bob.waypost.id, 'first')
    await expect.poll(bob.texts).toEqual(['first'])
    await carol.waypost.send(bob.waypost.id, 'second')
    await expect.poll(() => dropsOf(bob.waypost)['prekey-used']).toBe(1)
    await alice.waypost.send(bob.waypost.id, 'third')
    await expect.poll(bob.texts).toEqual(['first', 'third'])
  })

  it('sends more than is handled is read as far as there is room, and the rest when there is', async () => {
    const bob = await opens()
    bob.stops()
    const seals = await attacker(bob)
    const letters: HostileLetter[] = []
    for (let n = 0; n < 160; n++) letters.push(await seals(said(n, 240 * KIB)))
    const full = Math.ceil(MAIL_INBOX_BYTES_MAX / (240 * KIB))
    const most = full + WINDOW_LETTERS * HOME_HELD_WINDOWS
    expect(letters.length).toBeGreaterThan(most)
    pushesInWindow(bob.box, letters)
    // Nothing is taken any more, though there is more to take.
    await expect.poll(() => bob.waypost.status().mail?.inbox).toBeGreaterThanOrEqual(full)
    for (let i = 0; i < 20; i++) bob.box.home?.letters([await letterOf(newEnvelope(256 * KIB))])
    await expect.poll(() => dropsOf(bob.waypost)['over-window'] ?? 0).toBeGreaterThan(0)
    // Long enough to read all the rest.
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(bob.waypost.status().mail?.inbox).toBeLessThan(most)
    bob.listens()
    await expect.poll(() => bob.messages.length).toBe(letters.length)
    expect(new Set(bob.messages.map(({ id }) => id)).size).toBe(bob.messages.length)
  })

  it('says that prekeys ran out, again and again, gets no more than it would honestly', async () => {
    const bob = await opens()
    expect(bob.box.publications).toBe(1)
    const letter = await (await attacker(bob))(said(1))
    for (let i = 0; i < 500; i++) bob.box.home?.says({ kind: 'prekeysLeft', left: 0 })
    bob.box.home?.letters([letter])
    await expect.poll(bob.texts).toEqual(['said 1'])
    bob.box.oneTime = [] // And so on its next socket.
    bob.box.home?.drop()
    await expect.poll(() => bob.waypost.status().mail?.state, { interval: 1 }).toBe('connecting')
    await expect.poll(() => bob.waypost.status().mail?.state).toBe('open')
    expect(bob.box.publications).toBe(1)
  })

  it('says what is no frame of a mailbox is counted, and heard when it makes sense again', async () => {
    const bob = await opens()
    const letter = await (await attacker(bob))(said(1))
    const noise = [
      new Uint8Array(),
      newEnvelope(1),
      newEnvelope(100),
      newEnvelope(300 * KIB),
      newEnvelope(257 * KIB),
    ]
    for (const bytes of noise) bytes[0] = 0xff // No frame's number; by chance it might be one.
    for (const bytes of noise) bob.box.home?.sends(bytes)
    bob.box.home?.ready(1, 64) // A second time.
    bob.box.home?.says({ kind: 'stored', token: 1, known: false, ttlS: 60 })
    bob.box.home?.letters([letter])
    await expect.poll(bob.texts).toEqual(['said 1'])
    const { malformed = 0, unexpected, 'too-large': tooLarge } = dropsOf(bob.waypost)
    expect([malformed >= 2, unexpected, tooLarge]).toEqual([true, 2, 1])
  })

  it.each<[string, (home: HomeSocket) => void]>([
    ['closes every socket', (home) => home.drop()],
    [
      'closes every socket after it said ready',
      (home) => {
        home.ready(0, 64)
        home.closes(1011)
      },
    ],
    ['opens sockets and says nothing on them', () => {}],
  ])('%s is tried again now and then', async (_, act) => {
    edge.lies.home = (home) => {
      act(home)
      return true
    }
    const waypost = await client(edge.url, { mail: true })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    // With half a second and doubling: 0.25, 0.75 and 1.75 s on average, and never closer than chance puts them.
    expect(edge.homes).toBeGreaterThan(0)
    expect(edge.homes).toBeLessThan(10)
    const beganMs = performance.now()
    await waypost.close()
    expect(performance.now() - beganMs).toBeLessThan(1_000)
  })
})

describe('an edge whose answer to a letter', () => {
  const answers: readonly [string, Answer | 'never'][] = [
    ['is 500', { status: 500 }],
    [
      'is 429, and a wait without end',
      { status: 429, body: { error: { code: 'rate-limited', retryAfterMs: 1e300 } } },
    ],
    ['is a word every object knows', { status: 400, body: { error: { code: 'toString' } } }],
    ['is stored, of another letter', { status: 201, body: { id: 'AAAAAAAAAAAAAAAAAAAAAA' } }],
    ['is a page', { status: 200, body: '<html>Welcome to our Wi-Fi</html>' }],
    ['is empty', { status: 200 }],
    ['never comes', 'never'],
  ]
  it.each(answers)('%s is neither believed nor asked without pause', async (_, answer) => {
    const [alice, bob] = [await opens(), await opens()]
    edge.lies.put = () => answer
    const sending = alice.waypost.send(bob.waypost.id, 'hello').then(
      ({ via }) => via,
      ({ code }) => code as string,
    )
    await expect.poll(() => edge.puts).toBeGreaterThan(0)
    const outcome = await Promise.race([sending, new Promise((resolve) => setTimeout(resolve, 700))])
    expect(outcome).not.toBe('mailbox')
    expect(edge.puts).toBeLessThan(3)
    if (outcome !== undefined) return // It was refused, for good.
    edge.lies = {}
    await alice.waypost.close()
    expect(await sending).toBe('closed')
  })
})

it('an answer without end is not read to it', async () => {
  const [alice, bob] = [await opens(), await opens()]
  edge.lies.put = () => ({ status: 200, body: ENDLESS })
  const sending = codeOf(alice.waypost.send(bob.waypost.id, 'hello'))
  await expect.poll(() => edge.brokenOff, { timeout: 5_000 }).toBeGreaterThan(0)
  await alice.waypost.close()
  expect(await sending).toBe('closed')
})

describe('an edge that lies about prekeys', () => {
  /** What a letter that is to be sealed to them comes to. */
  async function outcomeOf(bundle: (owner: MailOwner) => Promise<Uint8Array>): Promise<unknown> {
    const [alice, owner] = [await opens(), await newOwner()]
    const answer = edge.drawn(await bundle(owner))
    edge.lies.draw = () => answer
    const outcome = await codeOf(alice.waypost.send(owner.text, 'hello'))
    return [outcome, edge.puts]
  }
  const madeBy = async (owner: MailOwner, nowMs = Date.now()) => {
    const { publication } = await makePrekeys(await openSuite(), owner, nowMs, undefined, 2)
    return splitPublication(publication) as Split
  }

  it.each<[string, (owner: MailOwner) => Promise<Uint8Array>]>([
    ['another’s', async () => (await madeBy(await newOwner())).head],
    ['those of last month', async (owner) => (await madeBy(owner, Date.now() - 31 * DAY_MS)).head],
    [
      'some that are not signed',
      async (owner) => {
        const { head } = await madeBy(owner)
        return head.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
      },
    ],
    [
      'a one-time prekey of others',
      async (owner) => {
        const other = await madeBy(owner)
        return joinBundle((await madeBy(owner)).head, other.oneTime[0]?.bytes)
      },
    ],
    ['half of it', async (owner) => (await madeBy(owner)).head.subarray(0, HEAD_BYTES / 2)],
  ])('and gives %s has nothing sealed to them', async (_, bundle) => {
    expect(await outcomeOf(bundle)).toEqual(['mailbox-refused', 0])
  })
})

describe('a peer that', () => {
  it('sends pieces and never the last, or pieces of too much, fills no room', async () => {
    const bob = await opens()
    const seals = await attacker(bob)
    const piece = (n: number, index: number, count: number, bytes = 10): Promise<HostileLetter> =>
      seals({ part: { id: idOf(n), sentAtMs: 1, index, count, bytes: encodeData('x'.repeat(bytes)) } })
    const letters = [await piece(99, 0, 65_535), await piece(98, 0, MAIL_PARTS_MAX + 1)]
    for (let i = 0; i < 4; i++) letters.push(await piece(97, i, 5, 240 * KIB))
    for (let n = 0; n <= MAIL_PARTIALS_OF_PEER_MAX; n++) letters.push(await piece(n, 0, 2))
    // The first of these was forgotten; the last can still become whole.
    letters.push(await piece(0, 1, 2), await piece(MAIL_PARTIALS_OF_PEER_MAX, 1, 2))
    pushesInWindow(bob.box, letters)
    await expect.poll(() => bob.messages.length).toBe(1)
    expect(dropsOf(bob.waypost)).toEqual({ 'too-large': 3, 'too-much-held': 2 })
  })

  it('only writes gets no card of ours: it pays for each letter until we write back', async () => {
    const [alice, bob] = [await opens(), await opens()]
    const kinds: string[] = []
    edge.lies.put = (mailbox, { proof }) => {
      if (mailbox === bob.waypost.id) kinds.push(proof.kind)
      return undefined
    }
    await alice.waypost.send(bob.waypost.id, 'one')
    await expect.poll(() => alice.receipts.some(({ state }) => state === 'read')).toBe(true)
    await alice.waypost.send(bob.waypost.id, 'two')
    await bob.waypost.send(alice.waypost.id, 'welcome')
    await expect.poll(alice.texts).toEqual(['welcome'])
    await alice.waypost.send(bob.waypost.id, 'three')
    expect(kinds.slice(0, 2)).toEqual(['stamp', 'stamp'])
    expect(kinds.at(-1)).toBe('access')
  })

  it('does not want its receipts is not written to more and more', async () => {
    const [alice, bob] = [await opens(), await opens()]
    edge.lies.put = (mailbox) => (mailbox === alice.waypost.id ? { status: 500 } : undefined)
    for (let i = 0; i < 3; i++) {
      await alice.waypost.send(bob.waypost.id, i)
      await new Promise((resolve) => setTimeout(resolve, MAIL_RECEIPT_DELAY_MS + 200))
    }
    expect(bob.messages).toHaveLength(3)
    expect(bob.waypost.status().mail?.outbox).toBe(1)
  })
})

describe('ten thousand strangers', () => {
  it('take the place of each other, and of nobody we wrote to', async () => {
    const vault = await memoryVault()
    const suite = await openSuite()
    const { id, key } = await newOwner()
    const state = await MailState.open(suite, { id, key }, vault)
    const friend = peerIdText(suite.random(32))
    const changes: Changes = new Map()
    state.setPeer(friend, { ...state.peer(friend), given: suite.random(32) }, changes)
    for (let n = 0; n < MAIL_PEERS_MAX + 10; n++) {
      const stranger = peerIdText(suite.random(32))
      expect(state.makesRoom(changes)).toBe(true)
      state.setPeer(stranger, state.peer(stranger), changes)
      state.addTold(stranger, { id: idOf(1), state: 'delivered' }, changes)
    }
    expect([state.correspondences.length, state.has(friend)]).toEqual([MAIL_PEERS_MAX, true])
    expect(state.toBeTold).toHaveLength(MAIL_PEERS_MAX - 1)
  })
})

/** As a mailbox does that keeps to the window. */
function pushesInWindow(box: Box, letters: readonly HostileLetter[]): void {
  let next = 0
  const timer = setInterval(() => {
    const home = box.home
    if (home === undefined) return
    for (; next < letters.length && next - box.taken < WINDOW_LETTERS; next++) {
      const letter = letters[next] as HostileLetter
      box.letters.push(letter)
      home.letters([letter])
    }
    if (next === letters.length) clearInterval(timer)
  }, 5)
  timers.add(timer)
}
