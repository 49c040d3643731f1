// The home socket, arrow by arrow: opening, staying open, being let go, and what it makes of what a mailbox says.

import { describe, expect, it } from 'vitest'
import {
  JOIN_TIMEOUT_MS,
  PONG_SUSPECT_MS,
  PONG_TIMEOUT_MS,
  RECONNECT_BASE_MS,
} from '../../../protocol/limits/kept-socket.ts'
import {
  MAILBOX_MESSAGE_BYTES_MAX,
  MAILBOX_WINDOW_BYTES,
  MAILBOX_WINDOW_LETTERS,
} from '../../../protocol/limits/mailbox.ts'
import { KEEP_ALIVE_MS } from '../../../protocol/limits/room.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { encodeMail, type MailFrame } from '../../../protocol/wire/mail-frames.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../../../protocol/wire/registry.ts'
import { letter, READY, Scene } from './scene.ts'

const home = () => new Scene().starts().isReady()
const codeOf = (refusal: RefusalCode) => CLOSE_CODE_BASE + REFUSAL[refusal]
const HOUR_MS = 3_600_000

describe('opening', () => {
  it('says how much may be under way, and is done when the mailbox is ready', () => {
    const scene = new Scene().starts()
    expect(scene.hello).toEqual({
      kind: 'hello',
      version: 1,
      letters: MAILBOX_WINDOW_LETTERS,
      bytes: MAILBOX_WINDOW_BYTES,
      cursor: new Uint8Array(),
    })
    expect([scene.machine.state, scene.told]).toEqual(['connecting', []])
    scene.isReady()
    expect([scene.machine.state, scene.told]).toEqual(['joined', ['ready 3 50']])
  })

  it('may be of another window, but of none that no mailbox gives', () => {
    expect(new Scene({ window: { letters: 1, bytes: 5_000 } }).starts().hello).toMatchObject({
      letters: 1,
      bytes: 5_000,
    })
    for (const window of [
      { letters: 0, bytes: 1 },
      { letters: 1.5, bytes: 1 },
      { letters: 1_025, bytes: 1 },
      { letters: 1, bytes: 0 },
      { letters: 1, bytes: 2 ** 22 + 1 },
    ])
      expect(() => new Scene({ window })).toThrow(RangeError)
  })

  it('is tried again when nobody is ready in time, without end', () => {
    const scene = new Scene().starts().after(JOIN_TIMEOUT_MS - 1)
    expect(scene.closed).toEqual([])
    scene.after(1 + RECONNECT_BASE_MS)
    expect([scene.closed, scene.opened]).toEqual([[1], [1, 2]])
    scene.after(HOUR_MS)
    expect([scene.machine.state === 'ended', scene.opened.length > 100]).toEqual([false, true])
  })

  it('happens once, however often it is started', () => {
    expect(home().starts().opened).toEqual([1])
  })
})

describe('an edge', () => {
  it.each([
    'superseded',
    'version-mismatch',
    'bad-request',
    'too-large',
    'pass-foreign',
    'pass-malformed',
  ] as const)('that refuses us as %s has the last word: no timer, no other socket', (refusal) => {
    for (const scene of [new Scene().starts(), home()]) {
      scene.closes(codeOf(refusal))
      expect([scene.told.at(-1), scene.machine.state]).toEqual([`ended ${refusal}`, 'ended'])
      expect(scene.machine.wakeAtMs).toBeUndefined()
      scene.give({ kind: 'networkChanged' }).give({ kind: 'suspected' }).starts().takes(1).after(HOUR_MS)
      expect([scene.opened, scene.took]).toEqual([[1], []])
    }
  })

  it.each(['flooding', 'vanished', 'edge-busy', 'internal', 'misconfigured'] as const)(
    'that closes as %s is tried again',
    (refusal) => {
      const scene = home().closes(codeOf(refusal)).after(RECONNECT_BASE_MS)
      expect([scene.told, scene.opened]).toEqual([
        ['ready 3 50', 'interrupted'],
        [1, 2],
      ])
    },
  )

  it('that restarts is not besieged: full jitter, doubled', () => {
    const scene = new Scene({ random: () => 0.999_999 }).starts()
    for (let i = 0; i < 5; i++) {
      scene.isReady().closes(codeOf('internal'))
      while (scene.machine.state === 'waiting') scene.after(10)
    }
    const gapsMs = scene.openedAtMs
      .slice(1)
      .map((atMs, i) => Math.round(atMs - (scene.openedAtMs[i] as number)))
    expect(gapsMs).toEqual([250, 500, 1_000, 2_000, 4_000])
    scene.isReady().after(6_000).closes()
    const sinceMs = scene.nowMs
    while (scene.machine.state === 'waiting') scene.after(10)
    expect(Math.round(scene.nowMs - sinceMs)).toBe(250)
  })

  it('is not heard through a socket that is no more', () => {
    const scene = home().closes().after(1_000).isReady()
    const late = encodeMail(letter(1))
    scene.give({ kind: 'socketMessage', socket: 1, bytes: late })
    scene.give({ kind: 'socketClosed', socket: 1, code: codeOf('superseded') })
    expect([scene.handed, scene.machine.state, scene.told.length]).toEqual([[], 'joined', 3])
  })
})

describe('a socket that is open', () => {
  it('is pinged, and one that is silent is given up', () => {
    const scene = home().after(10 * KEEP_ALIVE_MS)
    expect([scene.texts.length, scene.opened]).toEqual([10, [1]])
    scene.after(KEEP_ALIVE_MS / 2 + PONG_TIMEOUT_MS + RECONNECT_BASE_MS + 1_000, 'dead')
    expect([scene.closed, scene.opened.slice(0, 2)]).toEqual([[1], [1, 2]])
  })

  it('is alive if it says anything at all', () => {
    const scene = home().give({ kind: 'suspected' })
    expect(scene.texts).toEqual(['ping'])
    scene.says(letter(1)).after(PONG_SUSPECT_MS)
    expect(scene.closed).toEqual([])
  })

  it.each(['networkChanged', 'suspected'] as const)(
    'is asked at once when %s, and not waited for',
    (kind) => {
      const scene = home()
        .give({ kind })
        .after(PONG_SUSPECT_MS - 1, 'dead')
      expect([scene.texts, scene.closed]).toEqual([['ping'], []])
      scene.after(1, 'dead')
      expect([scene.closed, scene.told.at(-1)]).toEqual([[1], 'interrupted'])
    },
  )

  it('that is waited for is opened when the network changes', () => {
    const scene = home().closes()
    expect(scene.opened).toEqual([1])
    scene.give({ kind: 'networkChanged' })
    expect(scene.opened).toEqual([1, 2])
  })

  it('that nobody wants any more is closed, and nothing is left to do', () => {
    const waiting = home().closes()
    const admitting = new Scene()
    admitting.passes = 'awaited'
    for (const scene of [new Scene(), new Scene().starts(), home(), waiting, admitting.starts()]) {
      const sockets = scene.machine.state === 'connecting' || scene.machine.state === 'joined' ? [1] : []
      scene.give({ kind: 'close' })
      expect([scene.closed, scene.told.at(-1), scene.machine.wakeAtMs]).toEqual([
        sockets,
        'ended closed',
        undefined,
      ])
      scene.give({ kind: 'close' }).give({ kind: 'pass', pass: 'late', renewAtMs: 0 }).after(HOUR_MS)
      expect(scene.told.filter((each) => each === 'ended closed').length).toBe(1)
    }
  })
})

describe('what a mailbox says', () => {
  it('of its prekeys is handed on', () => {
    expect(home().says({ kind: 'prekeysLeft', left: 7 }).told.at(-1)).toBe('prekeysLeft 7')
  })

  const never: readonly MailFrame[] = [
    READY,
    { kind: 'hello', version: 1, letters: 1, bytes: 1, cursor: new Uint8Array() },
    { kind: 'took', ids: [] },
    { kind: 'stored', token: 1, known: false, ttlS: 1 },
    { kind: 'refused', token: 1, reason: 'internal', retryAfterMs: 0 },
  ]
  it.each(never)('and has no business here is counted: $kind', (frame) => {
    const scene = home().says(frame)
    expect([scene.told, scene.machine.state]).toEqual([['ready 3 50', 'drop unexpected'], 'joined'])
  })

  it.each([letter(1), { kind: 'prekeysLeft', left: 1 } as const])(
    'before it is ready is counted: $kind',
    (frame) => {
      const scene = new Scene().starts().says(frame)
      expect([scene.told, scene.handed, scene.machine.state]).toEqual([['drop unexpected'], [], 'connecting'])
    },
  )

  it('of rooms is counted too, and refusals wait for their close', () => {
    const scene = home()
    scene.sends(encode({ kind: 'left', address: 1, reason: 'lost' }))
    scene.sends(encode({ kind: 'refusal', code: 'malformed', refusedType: 0x66, retryAfterMs: 0 }))
    expect([scene.told, scene.machine.state]).toEqual([['ready 3 50', 'drop unexpected'], 'joined'])
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['a batch of nothing', Uint8Array.of(1)],
    ['no frame', Uint8Array.of(0xee, 1, 2)],
    ['a letter cut short', encodeMail(letter(1)).subarray(0, 12)],
    ['ready, cut short', encodeMail(READY).subarray(0, 5)],
  ])('that is malformed is counted: %s', (_, bytes) => {
    expect(home().sends(bytes).told.at(-1)).toBe('drop malformed')
    expect(new Scene().starts().sends(bytes).machine.state).toBe('connecting')
  })

  it('that is larger than any message is counted', () => {
    const room = MAILBOX_MESSAGE_BYTES_MAX - encodeMail(letter(1, { envelope: new Uint8Array() })).length
    const scene = home().says(letter(1, { envelope: new Uint8Array(room + 1) }))
    expect([scene.told.at(-1), scene.handed]).toEqual(['drop too-large', []])
    expect(scene.says(letter(1, { envelope: new Uint8Array(room) })).handed).toEqual([[1]])
  })

  it('may be ready and letters together', () => {
    const scene = new Scene().starts().saysTogether(READY, letter(1), letter(2))
    expect([scene.told, scene.handed]).toEqual([['ready 3 50'], [[1, 2]]])
  })
})
