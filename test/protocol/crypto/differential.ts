// Every implementation against every other, as plain functions: what one makes, the others take; what is wrong, none takes.
// They run in Node, in workerd and in a page alike, so they know no test runner and no host: what they find is returned.

import { open, seal } from '../../../protocol/crypto/hpke.ts'
import {
  ALGORITHMS,
  type Algorithm,
  type Backend,
  SIZES,
  type Suite,
} from '../../../protocol/crypto/suite.ts'
import { equalBytes, utf8 } from '../../../protocol/wire/bytes.ts'
import { flipped } from './handshake/meeting.ts'
import { compareMail } from './mail/comparison.ts'
import { compareMeetings, compareResumptions } from './meetings.ts'

type Bytes = Uint8Array | undefined

/** What two implementations were found to disagree about. */
export class Findings {
  readonly wrong: string[] = []
  /** How much was looked at: nothing found in nothing says nothing. */
  checks = 0

  holds(what: string, good: boolean): void {
    this.checks++
    if (!good) this.wrong.push(what)
  }

  same(what: string, one: Bytes, other: Bytes): void {
    this.holds(what, one !== undefined && other !== undefined && equalBytes(one, other))
  }

  differ(what: string, one: Bytes, other: Bytes): void {
    this.holds(what, one !== undefined && other !== undefined && !equalBytes(one, other))
  }

  /** Refused by name, not by whatever the platform throws. */
  async refuses(what: string, work: Promise<unknown>): Promise<void> {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    )
    this.holds(what, thrown instanceof Error && thrown.name === 'CryptoError')
  }
}

export type Comparison = (one: Suite, other: Suite, findings: Findings) => Promise<void>

async function compareHashes(one: Suite, other: Suite, findings: Findings): Promise<void> {
  for (const length of [0, 1, 31, 64, 65, 1_000]) {
    const bytes = one.random(length)
    const by = async ({ hash }: Suite) => [
      await hash.sha256(bytes, utf8('x')),
      await hash.hmac(bytes, utf8('x'), bytes),
      await hash.extract(bytes, bytes),
      await hash.expand(new Uint8Array(32).fill(7), bytes, 100),
    ]
    const [mine, theirs] = [await by(one), await by(other)]
    for (const [i, what] of ['SHA-256', 'HMAC', 'HKDF-Extract', 'HKDF-Expand'].entries())
      findings.same(`${what} of ${length} bytes is the same`, mine[i], theirs[i])
  }
}

async function compareAead(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const [bytes, nonce, aad] = [one.random(32), one.random(12), one.random(20)]
  const key = await other.aead.key(bytes)
  for (const length of [0, 100, 32 * 1024]) {
    const text = one.random(length)
    const sealed = await (await one.aead.key(bytes)).seal(nonce, aad, text)
    findings.same(`${length} bytes are sealed alike`, sealed, await key.seal(nonce, aad, text))
    findings.same(`${length} sealed bytes open`, await key.open(nonce, aad, sealed), text)
  }
  const sealed = await (await one.aead.key(bytes)).seal(nonce, aad, one.random(100))
  const wrong = await other.aead.key(flipped(bytes, 255))
  const refused = {
    'an altered text': key.open(nonce, aad, flipped(sealed, 3)),
    'an altered tag': key.open(nonce, aad, flipped(sealed, sealed.length * 8 - 1)),
    'another aad': key.open(nonce, flipped(aad, 0), sealed),
    'another nonce': key.open(flipped(nonce, 0), aad, sealed),
    'less than a tag': key.open(nonce, aad, sealed.subarray(0, 15)),
    nothing: key.open(nonce, aad, new Uint8Array()),
    'another key': wrong.open(nonce, aad, sealed),
  }
  for (const [what, opened] of Object.entries(refused))
    findings.holds(`${what} does not open`, (await opened) === undefined)
  await findings.refuses('a key of 31 bytes is refused', other.aead.key(new Uint8Array(31)))
}

async function compareKem(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const seed = one.random(SIZES.kemSeed)
  const [pair, theirs] = [await one.kem.keyPair(seed), await other.kem.keyPair(seed)]
  findings.same('a seed gives the same key', pair.publicKey, theirs.publicKey)
  const made = await other.kem.encapsulate(pair.publicKey)
  if (made === undefined) return findings.holds('a key is taken for one', false)
  const { ciphertext, sharedSecret } = made
  findings.holds('a ciphertext has its length', ciphertext.length === SIZES.kemCiphertext)
  findings.same('a ciphertext gives the secret', await pair.decapsulate(ciphertext), sharedSecret)
  for (const bit of [0, 8 * 1_087, 8 * 1_100]) {
    const altered = await pair.decapsulate(flipped(ciphertext, bit))
    findings.differ(`one altered at bit ${bit} gives another`, altered, sharedSecret)
    const alsoAltered = await theirs.decapsulate(flipped(ciphertext, bit))
    findings.same(`one altered at bit ${bit} gives the same by both`, altered, alsoAltered)
  }
  const smallOrder = ciphertext.slice().fill(0, 1_088)
  const refused = await pair.decapsulate(smallOrder)
  findings.holds('one with a curve point of small order gives nothing', refused === undefined)
  const short = await pair.decapsulate(new Uint8Array(SIZES.kemCiphertext - 1))
  findings.holds('a ciphertext of another length gives nothing', short === undefined)
  for (const noKey of [new Uint8Array(10), pair.publicKey.slice().fill(0, 1_184)])
    findings.holds('what is no key is not taken', (await other.kem.encapsulate(noKey)) === undefined)
  await findings.refuses('a seed of 64 bytes is refused', other.kem.keyPair(new Uint8Array(64)))
}

async function compareSignatures(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const seed = one.random(SIZES.signatureSeed)
  const [context, message] = [utf8('waypost/1 test'), one.random(50)]
  const { publicKey, sign } = await one.signatures.signingKey(seed)
  const theirs = await other.signatures.signingKey(seed)
  findings.same('a seed gives the same key', publicKey, theirs.publicKey)
  const signature = await sign(context, message)
  findings.differ('two signatures differ, since they are hedged', signature, await sign(context, message))
  const { verify } = other.signatures
  findings.holds('a signature is good', await verify(publicKey, context, message, signature))
  const refused = {
    'in another context': verify(publicKey, utf8('waypost/1 other'), message, signature),
    'of another message': verify(publicKey, context, flipped(message, 9), signature),
    'that was altered': verify(publicKey, context, message, flipped(signature, 0)),
    'by another key': verify(flipped(publicKey, 100), context, message, signature),
    'that is shorter': verify(publicKey, context, message, signature.subarray(1)),
    'by no key': verify(new Uint8Array(), context, message, signature),
  }
  for (const [what, good] of Object.entries(refused))
    findings.holds(`a signature ${what} is not`, !(await good))
  await findings.refuses('a seed of 33 bytes is refused', other.signatures.signingKey(new Uint8Array(33)))
}

async function compareBoxes(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const pair = await one.kem.keyPair(one.random(SIZES.kemSeed))
  const psk = { id: utf8('which'), key: one.random(32) }
  const how = { info: utf8('info'), aad: utf8('aad'), psk }
  const box = await seal(other, pair.publicKey, utf8('text'), how)
  if (box === undefined) return findings.holds('a key is taken for one', false)
  findings.same('a box opens', await open(one, pair, box, how), utf8('text'))
  const refused = {
    'another info': open(one, pair, box, { ...how, info: utf8('other') }),
    'another aad': open(one, pair, box, { ...how, aad: utf8('other') }),
    'no psk': open(one, pair, box, { info: how.info, aad: how.aad }),
    'another psk': open(one, pair, box, { ...how, psk: { ...psk, key: one.random(32) } }),
  }
  for (const [what, opened] of Object.entries(refused))
    findings.holds(`a box does not open with ${what}`, (await opened) === undefined)
  findings.holds('an altered box does not open', (await open(one, pair, flipped(box, 5), how)) === undefined)
  findings.holds('half a box does not', (await open(one, pair, box.subarray(0, 100), how)) === undefined)
}

/** The first four are of one algorithm each, the rest of all together. */
export const COMPARISONS = {
  hash: compareHashes,
  aead: compareAead,
  kem: compareKem,
  signature: compareSignatures,
  'sealed box': compareBoxes,
  handshake: compareMeetings,
  resumption: compareResumptions,
  mail: compareMail,
} as const satisfies Readonly<Record<Algorithm, Comparison>> & Readonly<Record<string, Comparison>>

export type Suites = Readonly<Record<string, Suite>>

export interface Report {
  /** Who serves what, by the name of the suite. */
  readonly status: Readonly<Record<string, Suite['status']>>
  /** For each algorithm the kinds of implementation that met. One alone was compared with nothing but itself. */
  readonly compared: Readonly<Record<Algorithm, readonly Backend[]>>
  readonly checks: number
  readonly wrong: readonly string[]
}

/** All with all, both ways. Plain data, which can be brought out of a page. */
export async function differential(suites: Suites): Promise<Report> {
  const report = { checks: 0, wrong: [] as string[] }
  const named = Object.entries(suites)
  for (const [oneName, one] of named) {
    for (const [otherName, other] of named) {
      for (const [what, compare] of Object.entries(COMPARISONS)) {
        const findings = new Findings()
        await compare(one, other, findings).catch((error) => findings.wrong.push(`threw ${error}`))
        report.checks += findings.checks
        report.wrong.push(...findings.wrong.map((why) => `${what}, ${oneName} with ${otherName}: ${why}`))
      }
    }
  }
  const kinds = (algorithm: Algorithm) =>
    [...new Set(named.map(([, { status }]) => status[algorithm]))].sort()
  return {
    ...report,
    status: Object.fromEntries(named.map(([name, { status }]) => [name, status])),
    compared: Object.fromEntries(ALGORITHMS.map((name) => [name, kinds(name)])) as Record<
      Algorithm,
      Backend[]
    >,
  }
}
