// Mail between clients and a real edge: a message reaches a peer that is away, once, whatever is closed in between.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MessageEvent, ReceiptEvent, Waypost } from '../../client/index.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

let edge: LocalEdge
let directory = ''

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge?.stop())
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waypost-mail-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const as = (name: string) => ({ identity: { name, directory } })

/** Keeps what comes; `until` waits for so many. */
function hears(waypost: Waypost) {
  const messages: MessageEvent[] = []
  const receipts: ReceiptEvent[] = []
  const waiting = new Set<() => void>()
  const look = () => {
    for (const check of waiting) check()
  }
  waypost.on('message', (message) => {
    messages.push(message)
    look()
  })
  waypost.on('receipt', (receipt) => {
    receipts.push(receipt)
    look()
  })
  const until = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!done()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { messages, receipts, until, texts: () => messages.map(({ data }) => data) }
}

/** Connects, waits until its mailbox is open to others, and leaves again. */
async function opensMailbox(name: string): Promise<string> {
  const waypost = await client(edge.url, as(name))
  await homeOf(waypost)
  await waypost.close()
  return waypost.id
}

/** Others can write to it. */
async function homeOf(waypost: Waypost): Promise<void> {
  await expect.poll(() => waypost.status().mail?.state, { timeout: 10_000 }).toBe('open')
}

describe('a peer that is away', () => {
  it('finds what was sent when it comes, once; and its sender hears of it', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    const receipt = await alice.send(bobsId, { hello: 'bob' })
    expect(receipt).toEqual({ via: 'mailbox', id: expect.stringMatching(/^[\w-]{22}$/) })
    const alicesEars = hears(alice)

    const bob = await client(edge.url, as('bob'))
    const ears = hears(bob)
    await ears.until(() => ears.messages.length === 1)
    expect(ears.messages[0]).toEqual({
      from: alice.id,
      data: { hello: 'bob' },
      via: 'mailbox',
      id: receipt.id,
    })
    await alicesEars.until(() => alicesEars.receipts.some(({ state }) => state === 'read'))
    expect(alicesEars.receipts.at(-1)).toEqual({ peer: bobsId, id: receipt.id, state: 'read' })
  })

  it('holds a conversation with one it is never there with', async () => {
    const bobsId = await opensMailbox('bob')
    const said: unknown[] = []
    for (let turn = 0; turn < 3; turn++) {
      const alice = await client(edge.url, as('alice'))
      const hers = hears(alice)
      await hers.until(() => hers.messages.length === (turn === 0 ? 0 : 1))
      said.push(...hers.texts())
      await alice.send(bobsId, `alice ${turn}`)
      await alice.close()

      const bob = await client(edge.url, as('bob'))
      const his = hears(bob)
      await his.until(() => his.messages.length === 1)
      said.push(...his.texts())
      await bob.send(alice.id, `bob ${turn}`)
      await bob.close()
    }
    expect(said).toEqual(['alice 0', 'bob 0', 'alice 1', 'bob 1', 'alice 2'])
  })

  it('gets messages by urgency, and of each in the order in which they were sent', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    const sent = [
      ['low 1', 'low'],
      ['normal 1', 'normal'],
      ['critical 1', 'critical'],
      ['low 2', 'low'],
      ['critical 2', 'critical'],
      ['normal 2', 'normal'],
    ] as const
    await Promise.all(sent.map(([text, priority]) => alice.send(bobsId, text, { priority })))
    const bob = await client(edge.url, as('bob'))
    // Nobody listens before all is there: it would be told as it comes.
    await expect.poll(() => bob.status().mail?.inbox, { timeout: 10_000 }).toBe(sent.length)
    const ears = hears(bob)
    await ears.until(() => ears.messages.length === sent.length)
    const order = ['critical 1', 'critical 2', 'normal 1', 'normal 2', 'low 1', 'low 2']
    expect(ears.texts()).toEqual(order)
  })

  it('gets a message of 900 KiB whole, and none that is larger', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    const large = new Uint8Array(900 * 1024 - 1).map((_, i) => i * 31)
    const [receipt, tooLarge] = await Promise.all([
      alice.send(bobsId, large),
      codeOf(alice.send(bobsId, new Uint8Array(900 * 1024))),
    ])
    expect([receipt.via, tooLarge]).toEqual(['mailbox', 'too-large'])
    const bob = await client(edge.url, as('bob'))
    const ears = hears(bob)
    await ears.until(() => ears.messages.length === 1)
    expect(Buffer.compare(ears.messages[0]?.data as Uint8Array, large)).toBe(0)
  })

  it('without a mailbox is unreachable, and says so', async () => {
    const alice = await client(edge.url, as('alice'))
    const carol = await client(edge.url)
    await carol.close()
    expect(await codeOf(alice.send(carol.id, 'hello'))).toBe('peer-unreachable')
    expect(alice.status().mail).toMatchObject({ outbox: 0 })
  })

  it('hears nothing of a message whose sender thought better of it', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    const stop = new AbortController()
    const sending = codeOf(alice.send(bobsId, 'no', { signal: stop.signal }))
    stop.abort()
    expect(await sending).toBe('aborted')
    await alice.send(bobsId, 'yes')
    const bob = await client(edge.url, as('bob'))
    const ears = hears(bob)
    await ears.until(() => ears.messages.length > 0)
    expect(ears.texts()).toEqual(['yes'])
  })
})

describe('a message', () => {
  it('written before its sender was closed leaves in its next life, once', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    const sending = codeOf(alice.send(bobsId, 'soon'))
    // Kept, and not yet put: the first thing that is waited for is the bundle.
    await expect.poll(() => alice.status().mail?.outbox, { interval: 1 }).toBe(1)
    await alice.close()
    expect(await sending).toBe('closed')

    const again = await client(edge.url, as('alice'))
    const hers = hears(again)
    await hers.until(() => hers.receipts.some(({ state }) => state === 'mailed'))
    const bob = await client(edge.url, as('bob'))
    const ears = hears(bob)
    await ears.until(() => ears.messages.length > 0)
    await hers.until(() => hers.receipts.some(({ state }) => state === 'read'))
    expect(ears.texts()).toEqual(['soon'])
  })

  it('that the application was not done with comes again in its next life, and then no more', async () => {
    const bobsId = await opensMailbox('bob')
    const alice = await client(edge.url, as('alice'))
    await alice.send(bobsId, 'important')
    const bob = await client(edge.url, as('bob'))
    await new Promise<void>((resolve) => {
      bob.on('message', () => {
        resolve()
        return new Promise(() => {}) // Never done with it.
      })
    })
    await bob.close()
    const again = await client(edge.url, as('bob'))
    const ears = hears(again)
    await ears.until(() => ears.messages.length === 1)
    await expect.poll(() => again.status().mail?.inbox).toBe(0)
    await again.close()
    const third = await client(edge.url, as('bob'))
    const more = hears(third)
    await alice.send(bobsId, 'the next')
    await more.until(() => more.messages.length > 0)
    expect([...ears.texts(), ...more.texts()]).toEqual(['important', 'the next'])
  })

  it('goes by the link while there is one, and by mail when the peer has left', async () => {
    const [alice, bob] = [await client(edge.url, as('alice')), await client(edge.url, as('bob'))]
    await homeOf(bob)
    const ears = hears(bob)
    const name = newRoom()
    const [room] = await Promise.all([alice.join(name), bob.join(name)])
    await expect.poll(() => room.peers.has(bob.id)).toBe(true)
    const first = await alice.send(bob.id, 'by link')
    expect(first).toMatchObject({ via: 'relay', id: expect.any(String) })
    expect(ears.messages).toMatchObject([{ data: 'by link', via: 'relay', id: first.id }])
    await bob.close()
    const second = await alice.send(bob.id, 'by mail')
    expect(second.via).toBe('mailbox')
    const again = await client(edge.url, as('bob'))
    const more = hears(again)
    await more.until(() => more.messages.length > 0)
    expect(more.messages).toMatchObject([{ data: 'by mail', via: 'mailbox', id: second.id }])
  })
})

describe('without mail', () => {
  it('nothing of it is there: no mailbox, and a peer that is away is unreachable', async () => {
    const bobsId = await opensMailbox('bob')
    const carol = await client(edge.url)
    expect(carol.status().mail).toBeUndefined()
    expect(await codeOf(carol.send(bobsId, 'hello'))).toBe('peer-unreachable')
    await expect(carol.rotateAccess()).rejects.toThrow(TypeError)
    const dave = await client(edge.url, { ...as('dave'), mail: false })
    expect(dave.status().mail).toBeUndefined()
  })

  it('an identity for a moment may have it all the same', async () => {
    const bobsId = await opensMailbox('bob')
    const carol = await client(edge.url, { mail: true })
    expect(await carol.send(bobsId, 'from a passer-by')).toMatchObject({ via: 'mailbox' })
  })
})

describe('access keys', () => {
  it('are given to whom we write, who then writes without a stamp, also after they were changed', async () => {
    const [alice, bob] = [await client(edge.url, as('alice')), await client(edge.url, as('bob'))]
    await Promise.all([homeOf(alice), homeOf(bob)])
    const [hers, his] = [hears(alice), hears(bob)]
    await alice.send(bob.id, 'one')
    await his.until(() => his.messages.length === 1)
    await bob.send(alice.id, 'two')
    await alice.rotateAccess()
    await bob.send(alice.id, 'three')
    await alice.send(bob.id, 'four')
    await his.until(() => his.messages.length === 2)
    await bob.send(alice.id, 'five')
    await hers.until(() => hers.messages.length === 3)
    expect([...hers.texts(), ...his.texts()]).toEqual(['two', 'three', 'five', 'one', 'four'])
  })
})
