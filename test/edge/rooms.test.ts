// The signaling room in workerd: members meet, talk and part, in rooms of one, two, fifty and a thousand.

import { describe, expect, it } from 'vitest'
import { framesOf } from '../../protocol/wire/batch.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import { FRAME, SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import { offerOf } from '../support/passes.ts'
import { deployedWith, UNLIMITED } from './rooms.ts'
import { allSettled, joinOf, newPeer, RoomSocket, upgrade } from './socket.ts'

async function together(room: string, count: number): Promise<RoomSocket[]> {
  const members: RoomSocket[] = []
  for (let i = 0; i < count; i++) {
    const member = await RoomSocket.join(room, newPeer(), { metadata: utf8(`member ${i}`) })
    await member.welcomed()
    members.push(member)
  }
  return members
}

describe('a room', () => {
  it('of one has nobody else in it', async () => {
    const alice = await RoomSocket.join('one')
    expect(await alice.welcomed()).toMatchObject({ resumed: false, roster: [] })
  })

  it('shows a newcomer who is here, and tells those here of the newcomer', async () => {
    const alice = await RoomSocket.join('meet', undefined, { metadata: utf8('alice') })
    await alice.welcomed()
    const bob = await RoomSocket.join('meet')
    const { roster } = await bob.welcomed()
    expect(roster).toMatchObject([{ peer: alice.peer, session: alice.session, metadata: utf8('alice') }])
    expect((await alice.next('joined')).member.peer).toEqual(bob.peer)
  })

  it('answers with the subprotocol, and never with the hello', async () => {
    const join = joinOf(newPeer(), { metadata: utf8('x') })
    const response = await upgrade('/v1/rooms/protocol', await offerOf(join))
    expect(response.status).toBe(101)
    expect(response.headers.get('Sec-WebSocket-Protocol')).toBe(SUBPROTOCOL)
    await RoomSocket.of(response, join).welcomed()
  })

  it('relays to one member, and names the sender', async () => {
    const [alice, bob, carol] = (await together('relay', 3)) as [RoomSocket, RoomSocket, RoomSocket]
    for (const kind of ['relay', 'signal'] as const) {
      alice.send({ kind, address: bob.view.address!, payload: utf8('hello') })
      expect(await bob.next(kind)).toEqual({ kind, address: alice.view.address!, payload: utf8('hello') })
    }
    await allSettled([alice, bob, carol])
    expect(carol.frames.some(({ kind }) => kind === 'relay' || kind === 'signal')).toBe(false)
  })

  it('tells all of a change of metadata, and whoever comes later', async () => {
    const [alice, bob] = (await together('metadata', 2)) as [RoomSocket, RoomSocket]
    alice.send({ kind: 'metadata', address: 0, metadata: utf8('away') })
    const { address } = alice.view
    expect(await bob.next('metadata')).toEqual({ kind: 'metadata', address, metadata: utf8('away') })
    const carol = await RoomSocket.join('metadata')
    const { roster } = await carol.welcomed()
    expect(roster.find((member) => member.address === address)?.metadata).toEqual(utf8('away'))
  })

  it('delivers what one member sends in the order sent, batched or not', async () => {
    const [alice, bob] = (await together('order', 2)) as [RoomSocket, RoomSocket]
    const address = bob.view.address!
    const relay = (n: number) => ({ kind: 'relay', address, payload: utf8(`${n}`) }) as const
    for (let n = 0; n < 90; n += 3) {
      alice.send(relay(n))
      alice.send({ kind: 'batch', frames: [encode(relay(n + 1)), encode(relay(n + 2))] })
    }
    for (let n = 0; n < 90; n++) expect((await bob.next('relay')).payload).toEqual(utf8(`${n}`))
  })

  it('keeps networks apart', async () => {
    const alice = await RoomSocket.join('lobby', undefined, { network: 'red' })
    await alice.welcomed()
    const bob = await RoomSocket.join('lobby', undefined, { network: 'blue' })
    expect((await bob.welcomed()).roster).toEqual([])
  })

  it('answers keep-alives', async () => {
    const alice = await RoomSocket.join('ping')
    alice.sendBytes('ping')
    expect(await alice.nextText()).toBe('pong')
  })

  it('takes any name that fits a line', async () => {
    for (const name of ['a', 'Küche & Bad / 2. Stock', '部屋?#%', '☂'.repeat(128)]) {
      const alice = await RoomSocket.join(name)
      await alice.welcomed()
      const bob = await RoomSocket.join(name)
      expect((await bob.welcomed()).roster.length).toBe(1)
    }
  })
})

describe('a room of fifty', () => {
  it('sees everybody come, hears everybody, and sees everybody go', async () => {
    const members = await together('fifty', 50)
    await allSettled(members)
    for (const member of members) expect(member.view.members.size).toBe(49)
    const [first] = members
    first!.send({ kind: 'broadcast', address: 0, payload: utf8('hello all') })
    for (const member of members.slice(1)) {
      const said = { kind: 'broadcast', address: first!.view.address, payload: utf8('hello all') }
      expect(await member.next('broadcast')).toEqual(said)
    }
    while (members.length > 1) {
      const leaving = members.pop()!
      leaving.close()
      expect(await leaving.closing()).toMatchObject({ wasClean: true })
    }
    await first!.settled()
    expect(first!.view.members.size).toBe(0)
    expect(first!.frames.filter(({ kind }) => kind === 'left').length).toBe(49)
  })
})

describe('a room of a thousand', () => {
  it('is shown whole to the last, in parts; a broadcast reaches all, and so does a leaving', async () => {
    // Nobody pings in it, and on a busy machine it may take longer than silent members are otherwise kept.
    await deployedWith({ ...UNLIMITED, PRESENCE_TIMEOUT_MS: 600_000 }, async () => {
      const alice = await RoomSocket.join('thousand')
      await alice.welcomed()
      const crowd: Listener[] = []
      while (crowd.length < 998) {
        const together = Math.min(50, 998 - crowd.length)
        crowd.push(...(await Promise.all(Array.from({ length: together }, () => Listener.join('thousand')))))
      }
      const last = await RoomSocket.join('thousand')
      const { roster } = await last.welcomed()
      expect(roster.length).toBe(999)
      expect(last.frames.filter(({ kind }) => kind === 'roster').length).toBeGreaterThan(2)
      last.send({ kind: 'broadcast', address: 0, payload: utf8('all of you') })
      await Promise.all([
        alice.next('broadcast'),
        ...crowd.map((member) => member.counted(FRAME.broadcast, 1)),
      ])
      last.close()
      await Promise.all([alice.next('left'), ...crowd.map((member) => member.counted(FRAME.left, 1))])
      await alice.settled()
      expect(alice.view.members.size).toBe(998)
      // Each of the crowd was told of all 999 others, by the roster or when they came, and of nobody twice.
      expect(new Set(crowd.map((member) => member.shown + member.count(FRAME.joined)))).toEqual(
        new Set([999]),
      )
    })
  }, 180_000) // Half a million frames are heard in it; alone on a machine it takes ten seconds.
})

/** One of a crowd: it counts frames by type and looks into none, as a thousand strict views would outlast the test. */
class Listener {
  readonly #counts = new Map<number, number>()
  /** Members in the rosters it was sent. */
  shown = 0
  #heard: () => void = () => {}

  static async join(room: string): Promise<Listener> {
    const join = joinOf(newPeer(), { metadata: utf8('m'.repeat(30)) })
    const response = await upgrade(`/v1/rooms/${room}`, await offerOf(join))
    const listener = new Listener()
    response.webSocket!.addEventListener('message', ({ data }) =>
      listener.#hear(new Uint8Array(data as ArrayBuffer)),
    )
    Object.assign(response.webSocket!, { binaryType: 'arraybuffer' })
    response.webSocket!.accept()
    return listener
  }

  count(type: number): number {
    return this.#counts.get(type) ?? 0
  }

  async counted(type: number, wanted: number): Promise<void> {
    while (this.count(type) < wanted) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
  }

  #hear(message: Uint8Array): void {
    for (const frame of framesOf(message)) {
      const type = frame[0]!
      this.#counts.set(type, this.count(type) + 1)
      if (type !== FRAME.roster) continue
      const roster = decode(frame)
      this.shown += roster.kind === 'roster' ? roster.members.length : 0
    }
    this.#heard()
  }
}
