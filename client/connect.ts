// connect(): asks the edge what a client needs to know, and makes a Waypost of it.

import { type Bootstrap, parseIceServers } from '../protocol/bootstrap.ts'
import { WaypostError } from '../protocol/errors.ts'
import { TIMEOUT_MAX_MS } from '../protocol/limits/membership.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../protocol/names.ts'
import { WIRE_VERSION } from '../protocol/wire/registry.ts'
import type { Direct } from './direct.ts'
import type { Mail } from './mail/mail.ts'
import { checkChoice, checkDuration, checkOptions, checkSignal } from './options.ts'
import type { PassSource } from './pass.ts'
import type { ConnectOptions, IdentityChoice } from './types.ts'
import { Waypost } from './waypost.ts'

const OPTIONS = [
  'network',
  'relayOnly',
  'identity',
  'iceServers',
  'timeoutMs',
  'signal',
  'onStampProgress',
  'requireNative',
  'suite',
  'mail',
] as const
/** Of the protocol, as handshakes offer them. */
const SUITES = ['WP1'] as const
const TIMEOUT_MS = 20_000
/** Between tries while the edge does not answer: a page that loads while the network comes up should not have to retry. */
const RETRY_MS = 500

/** Reaches the edge at this address. Throws TypeError or RangeError for misuse; rejects with a WaypostError. */
export async function connect(edge: string | URL, options: ConnectOptions = {}): Promise<Waypost> {
  checkOptions('connect', options, OPTIONS)
  checkSignal('connect: signal', options.signal)
  checkDuration('connect: timeoutMs', options.timeoutMs, TIMEOUT_MAX_MS)
  const { network = DEFAULT_NETWORK, relayOnly = false, requireNative = false, suite = 'WP1' } = options
  if (typeof network !== 'string') throw new TypeError('connect: network must be a string')
  if (!isNetworkName(network))
    throw new RangeError(`connect: network is not well formed: ${JSON.stringify(network)}`)
  if (typeof relayOnly !== 'boolean') throw new TypeError('connect: relayOnly must be a boolean')
  const { mail = options.identity !== undefined } = options
  if (typeof mail !== 'boolean') throw new TypeError('connect: mail must be a boolean')
  if (typeof requireNative !== 'boolean') throw new TypeError('connect: requireNative must be a boolean')
  checkChoice('connect: suite', suite, SUITES)
  const iceServers = options.iceServers === undefined ? undefined : parseIceServers(options.iceServers)
  if (options.iceServers !== undefined && iceServers === undefined) {
    throw new TypeError('connect: iceServers must be a list of { urls, username?, credential? }')
  }
  const { onStampProgress } = options
  if (onStampProgress !== undefined && typeof onStampProgress !== 'function')
    throw new TypeError('connect: onStampProgress must be a function')
  const base = edgeUrl(edge)
  const opening = openIdentity(options.identity, requireNative, {
    base,
    network,
    onProgress: onStampProgress,
  })
  const stop = new AbortController()
  try {
    const [bootstrap, direct, Mail, opened] = await Promise.all([
      ask(base, network, options, stop.signal),
      relayOnly ? undefined : loadDirect(),
      mail ? loadMail() : undefined,
      opening,
    ])
    opened.passes.offer(bootstrap.challenge)
    await opened.passes.begin() // Whoever connects is about to join.
    return new Waypost({
      base,
      network,
      relayOnly,
      iceServers: iceServers ?? bootstrap.iceServers,
      direct,
      mail: Mail,
      ...opened,
    })
  } catch (problem) {
    stop.abort()
    // However far it got: whoever tries again must not find it taken by a try that failed.
    await opening.then(
      ({ release }) => release(),
      () => {},
    )
    throw problem
  }
}

/** Beside the question to the edge, so that nobody waits for it. A page that cannot load it still has the relay. */
async function loadDirect(): Promise<typeof Direct | undefined> {
  if (typeof RTCPeerConnection !== 'function') return undefined
  return import('./direct.ts').then(
    (module) => module.Direct,
    () => undefined,
  )
}

async function loadMail(): Promise<typeof Mail> {
  return (await import('./mail/mail.ts')).Mail
}

async function openIdentity(
  choice: IdentityChoice | undefined,
  requireNative: boolean,
  edge: Pick<PassSource, 'base' | 'network' | 'onProgress'>,
) {
  const { openIdentity, Passes } = await import('./secure.ts')
  const opened = await openIdentity(choice, requireNative)
  const { suite, identity, store } = opened
  return { ...opened, passes: new Passes({ ...edge, hash: suite.hash, key: identity.key, store }) }
}

function edgeUrl(edge: string | URL): URL {
  let url: URL
  try {
    // In a page, an edge may be named relative to it.
    url = new URL(edge, typeof location === 'undefined' ? undefined : location.href)
  } catch {
    throw new TypeError(`connect: the edge must be a URL, not ${JSON.stringify(edge)}`)
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError('connect: the edge must be an https: or http: URL')
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError("connect: the edge's URL must not hold a user name or password")
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  url.search = ''
  url.hash = ''
  return url
}

async function ask(
  base: URL,
  network: string,
  options: ConnectOptions,
  stop: AbortSignal,
): Promise<Bootstrap> {
  const url = new URL('v1/bootstrap', base)
  url.searchParams.set('network', network)
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  const until = AbortSignal.any([options.signal ?? stop, timeout, stop])
  let cause: unknown
  while (!until.aborted) {
    try {
      const response = await fetch(url, { signal: until, headers: { Accept: 'application/json' } })
      if (response.status < 500) return await read(response)
      cause = new Error(`status ${response.status}`)
    } catch (error) {
      if (error instanceof WaypostError) throw error
      if (!until.aborted) cause = error
    }
    if (!until.aborted) await pause(RETRY_MS, until)
  }
  if (options.signal?.aborted)
    throw new WaypostError('aborted', 'connect was aborted', { cause: options.signal.reason })
  throw new WaypostError('edge-unreachable', `no answer from ${base.origin}`, { cause })
}

async function read(response: Response): Promise<Bootstrap> {
  const text = await response.text() // Throws when the connection breaks in the middle: that is worth another try.
  const body = parseJson(text)
  if (!response.ok) {
    const { error } = (body ?? {}) as { error?: { message?: unknown } }
    const why = typeof error?.message === 'string' ? error.message : `status ${response.status}`
    throw new WaypostError('edge-refused', `the edge refused: ${why}`)
  }
  const { version, iceServers } = (body ?? {}) as { version?: { wire?: unknown }; iceServers?: unknown }
  if (typeof version?.wire !== 'number' || parseIceServers(iceServers) === undefined) {
    throw new WaypostError(
      'edge-refused',
      `what answers at ${new URL(response.url).origin} is not a Waypost edge`,
    )
  }
  if (version.wire !== WIRE_VERSION) {
    const message = `the edge speaks version ${version.wire} of the protocol, this client ${WIRE_VERSION}`
    throw new WaypostError('version-mismatch', message)
  }
  return body as Bootstrap
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function pause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    until.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      until.removeEventListener('abort', done)
      resolve()
    }
  })
}
