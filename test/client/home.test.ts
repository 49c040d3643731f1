// The home socket against a real edge: letters come once, leave when they are taken, and the newest device has the mailbox.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HomeHost } from '../../client/mail/home-host.ts'
import { Passes } from '../../client/pass.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import type { HomeLetter } from '../../protocol/home/contract.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encodePutRequest } from '../../protocol/wire/mail-frames.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { contactPut, type MailOwner, newEnvelope, newOwner } from '../support/mail.ts'

let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge.stop())

const homes: Home[] = []
afterEach(() => {
  for (const home of homes.splice(0)) home.host.give({ kind: 'close' })
})

/** One device of the owner's, and what it was told. */
class Home {
  readonly letters: HomeLetter[] = []
  readonly told: string[] = []
  readonly passes: Passes
  readonly host: HomeHost

  constructor({ key, text, network }: MailOwner) {
    const base = new URL(edge.url)
    const hash = nativeHash(crypto.subtle as unknown as Subtle)
    this.passes = new Passes({ base, network, hash, key })
    const url = new URL(`v1/mailboxes/${text}?network=${network}`, base)
    url.protocol = 'ws:'
    this.host = new HomeHost(
      { url: url.href, passes: this.passes },
      {
        ready: (stored, oneTimeLeft) => this.told.push(`ready ${stored} ${oneTimeLeft}`),
        letters: (letters) => this.letters.push(...letters),
        prekeysLeft: (left) => this.told.push(`prekeysLeft ${left}`),
        interrupted: () => this.told.push('interrupted'),
        passRenewed: () => this.told.push('passRenewed'),
        dropped: (reason) => this.told.push(`drop ${reason}`),
        ended: (reason) => this.told.push(`ended ${reason}`),
      },
    )
    homes.push(this)
    this.host.give({ kind: 'start' })
  }
}

async function setAccess(owner: MailOwner, home: Home): Promise<void> {
  const response = await fetch(mailboxUrl(owner, '/access'), {
    method: 'PUT',
    headers: { Authorization: `Bearer ${await home.passes.get()}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ keys: [toBase64url(owner.accessKey)], strangers: false }),
  })
  expect(response.status).toBe(204)
}

async function put(owner: MailOwner): Promise<Uint8Array> {
  const envelope = newEnvelope()
  const body = encodePutRequest(await contactPut(owner, { envelope }))
  const headers = { 'Content-Type': 'application/octet-stream' }
  const response = await fetch(mailboxUrl(owner, '/messages'), { method: 'POST', headers, body })
  expect(response.status).toBe(201)
  return envelope
}

const mailboxUrl = ({ text, network }: MailOwner, rest: string) =>
  new URL(`v1/mailboxes/${text}${rest}?network=${network}`, edge.url)

describe('a home at a real edge', () => {
  it('is given each letter once, and what it took is gone for the next', async () => {
    const owner = await newOwner()
    const home = new Home(owner)
    await expect.poll(() => home.told, { timeout: 20_000 }).toEqual(['ready 0 0'])
    await setAccess(owner, home)
    const envelopes = [await put(owner), await put(owner), await put(owner)]
    await expect.poll(() => home.letters.length).toBe(3)
    expect(home.letters.map(({ envelope }) => envelope)).toEqual(envelopes)
    for (const { id } of home.letters.slice(0, 2)) home.host.give({ kind: 'took', ids: [id.slice()] })
    expect(home.host.status).toEqual({ state: 'joined', letters: 1, bytes: 4_096 })
    const another = new Home(owner)
    await expect.poll(() => another.letters.length, { timeout: 20_000 }).toBe(1)
    expect(another.letters[0]?.envelope).toEqual(envelopes[2])
    expect(another.told).toEqual(['ready 1 0'])
    await expect.poll(() => home.told.at(-1)).toBe('ended superseded')
    expect(another.told).toEqual(['ready 1 0'])
  }, 60_000)
})
