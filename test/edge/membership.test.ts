// Who is a member, over time: coming back, being superseded, closing in every way a socket can, vanishing.

import { describe, expect, it } from 'vitest'
import { slotOf } from '../../protocol/wire/address.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { deployedWith } from './rooms.ts'
import { allSettled, newPeer, RoomSocket, refusedFor } from './socket.ts'

describe('a peer that comes back', () => {
  it('as the same session keeps its address, and others notice nothing', async () => {
    const alice = await RoomSocket.join('resume')
    await alice.welcomed()
    const before = await RoomSocket.join('resume', newPeer(), { metadata: utf8('bob') })
    const { address } = await before.welcomed()
    const { peer, session } = before
    const bob = await RoomSocket.join('resume', peer, { session, metadata: utf8('bob') })
    expect(await bob.welcomed()).toMatchObject({ address, resumed: true, roster: [{ peer: alice.peer }] })
    expect((await refusedFor(before)).closed).toMatchObject({ code: 4006, reason: 'superseded' })
    await allSettled([alice, bob])
    expect(alice.frames.map(({ kind }) => kind)).toEqual(['welcome', 'roster', 'joined'])
    alice.send({ kind: 'relay', address, payload: utf8('hello again') })
    expect((await bob.next('relay')).payload).toEqual(utf8('hello again'))
  })

  it('as the same session with other metadata, others hear of that alone', async () => {
    const alice = await RoomSocket.join('resume changed')
    await alice.welcomed()
    const before = await RoomSocket.join('resume changed', newPeer(), { metadata: utf8('old') })
    const { address } = await before.welcomed()
    const bob = await RoomSocket.join('resume changed', before.peer, {
      session: before.session,
      metadata: utf8('new'),
    })
    await bob.welcomed()
    await allSettled([alice, bob])
    expect(alice.frames.slice(3)).toEqual([{ kind: 'metadata', address, metadata: utf8('new') }])
  })

  it('as another session supersedes: the older is told and closed, others see it leave and join', async () => {
    const alice = await RoomSocket.join('supersede')
    await alice.welcomed()
    const before = await RoomSocket.join('supersede')
    const { address } = await before.welcomed()
    const bob = await RoomSocket.join('supersede', before.peer)
    const after = await bob.welcomed()
    expect(after).toMatchObject({ resumed: false, roster: [{ peer: alice.peer }] })
    expect(after.address).not.toBe(address)
    expect(await refusedFor(before)).toEqual({
      code: 'superseded',
      closed: { code: 4006, reason: 'superseded', wasClean: true },
    })
    await alice.settled()
    expect(alice.frames.slice(3)).toMatchObject([
      { kind: 'left', address, reason: 'superseded' },
      { kind: 'joined', member: { address: after.address, peer: bob.peer } },
    ])
  })

  it('a frame to one who left reaches nobody, though another has its slot now', async () => {
    const alice = await RoomSocket.join('slots')
    await alice.welcomed()
    const bob = await RoomSocket.join('slots')
    const { address } = await bob.welcomed()
    bob.close()
    await alice.next('left')
    const carol = await RoomSocket.join('slots')
    const after = await carol.welcomed()
    expect(slotOf(after.address)).toBe(slotOf(address))
    alice.send({ kind: 'relay', address, payload: utf8('for bob') })
    expect(await alice.next('undeliverable')).toEqual({ kind: 'undeliverable', address, reason: 'gone' })
    alice.send({ kind: 'relay', address: after.address, payload: utf8('for carol') })
    expect((await carol.next('relay')).payload).toEqual(utf8('for carol'))
  })

  it('many times at once is one member, the last', async () => {
    const alice = await RoomSocket.join('crowd of one')
    await alice.welcomed()
    const peer = newPeer()
    const bobs = await Promise.all(Array.from({ length: 20 }, () => RoomSocket.join('crowd of one', peer)))
    // Who is last is not who asked last: each has a pass of its own to wait for.
    const open = new Set(bobs)
    const reasons: string[] = []
    for (const bob of bobs)
      void bob.closing().then(({ reason }) => {
        reasons.push(reason)
        open.delete(bob)
      })
    await expect.poll(() => open.size).toBe(1)
    const [last] = open
    expect(reasons).toEqual(Array(19).fill('superseded'))
    await last!.welcomed()
    await allSettled([alice, last!])
    expect([...alice.view.members.values()]).toMatchObject([{ session: last!.session }])
    const joined = alice.frames.filter((frame) => frame.kind === 'joined')
    expect(joined.at(-1)).toMatchObject({ member: { session: last!.session } })
  })

  it('hears nothing on the socket that was taken over, and what that one still says concerns nobody', async () => {
    const alice = await RoomSocket.join('late words')
    await alice.welcomed()
    const before = await RoomSocket.join('late words')
    await before.welcomed()
    const address = alice.view.address!
    const joining = RoomSocket.join('late words', before.peer, { session: before.session })
    for (let i = 0; i < 20; i++) before.send({ kind: 'relay', address, payload: utf8('late') })
    const bob = await joining
    await bob.welcomed()
    expect(await before.closing()).toMatchObject({ reason: 'superseded' })
    await allSettled([alice, bob])
    expect(alice.view.members.size).toBe(1)
  })
})

describe('a socket that a client closes', () => {
  it.each([
    [undefined, undefined, 1000, ''],
    [1000, 'done', 1000, 'done'],
    [3000, '', 3000, ''],
    [4999, 'my own reason', 4999, 'my own reason'],
    [4001, 'é'.repeat(61), 4001, 'é'.repeat(61)],
  ])('with %s %s ends at once with the same, and the member is gone', async (code, reason, seen, said) => {
    const room = `close ${code} ${reason?.length}`
    const alice = await RoomSocket.join(room)
    await alice.welcomed()
    const bob = await RoomSocket.join(room)
    const { address } = await bob.welcomed()
    bob.close(code, reason)
    expect(await bob.closing()).toEqual({ code: seen, reason: said, wasClean: true })
    expect(await alice.next('left')).toEqual({ kind: 'left', address, reason: 'closed' })
  })
})

describe('a member that stops pinging', () => {
  // The shortest timeout a deployment may set; waiting for it is the subject, not luck.
  const PRESENCE_TIMEOUT_MS = 1_000

  it('is gone at the first sweep after the timeout, and told; who pings is not', async () => {
    await deployedWith({ PRESENCE_TIMEOUT_MS }, async () => {
      const alice = await RoomSocket.join('vanish')
      const { keepAliveMs, presenceTimeoutMs } = await alice.next('welcome')
      expect({ keepAliveMs, presenceTimeoutMs }).toEqual({ keepAliveMs: 333, presenceTimeoutMs: 1_000 })
      const bob = await RoomSocket.join('vanish')
      const beganAtMs = performance.now()
      const { address } = await bob.welcomed()
      while (bob.closed === undefined) {
        alice.sendBytes('ping')
        await alice.nextText()
        alice.send({ kind: 'sweep' })
        await alice.settled()
        await scheduler.wait(50)
      }
      const tookMs = performance.now() - beganAtMs
      expect(tookMs).toBeGreaterThan(PRESENCE_TIMEOUT_MS)
      expect(tookMs).toBeLessThan(2 * PRESENCE_TIMEOUT_MS)
      expect(bob.closed).toEqual({ code: 4009, reason: 'vanished', wasClean: true })
      expect(await alice.next('left')).toEqual({ kind: 'left', address, reason: 'vanished' })
      expect(alice.closed).toBeUndefined()
    })
  })

  it('is never shown to who comes after the timeout', async () => {
    await deployedWith({ PRESENCE_TIMEOUT_MS }, async () => {
      const ghost = await RoomSocket.join('ghost')
      await ghost.welcomed()
      await scheduler.wait(PRESENCE_TIMEOUT_MS + 50)
      const alice = await RoomSocket.join('ghost')
      expect((await alice.welcomed()).roster).toEqual([])
      expect(await ghost.closing()).toMatchObject({ reason: 'vanished' })
    })
  })
})
