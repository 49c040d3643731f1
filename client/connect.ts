// connect(): asks the edge what a client needs to know, and makes a Waypost of it.

import { parseIceServers } from '../protocol/bootstrap.ts'
import { WaypostError } from '../protocol/errors.ts'
import { TIMEOUT_MAX_MS } from '../protocol/limits/membership.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../protocol/names.ts'
import { askEdge } from './bootstrap.ts'
import type { Directs } from './direct.ts'
import type { Mail } from './mail/mail.ts'
import { checkChoice, checkDuration, checkOptions, checkSignal } from './options.ts'
import type { EdgeOfIdentity, OpenKeys } from './secure.ts'
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
  'mesh',
] as const
/** Of the protocol, as handshakes offer them. */
const SUITES = ['WP1'] as const
const TIMEOUT_MS = 20_000

/**
 * Reaches the edge at this address, or the first that answers of several which stand in for each other; or, as an identity that reached it before and while it does not answer, goes by what it said
 * then. Throws TypeError or RangeError for misuse; rejects with a WaypostError.
 */
export async function connect(
  edge: string | URL | readonly (string | URL)[],
  options: ConnectOptions = {},
): Promise<Waypost> {
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
  const { mesh = true } = options
  if (typeof mesh !== 'boolean') throw new TypeError('connect: mesh must be a boolean')
  if (typeof requireNative !== 'boolean') throw new TypeError('connect: requireNative must be a boolean')
  checkChoice('connect: suite', suite, SUITES)
  const iceServers = options.iceServers === undefined ? undefined : parseIceServers(options.iceServers)
  if (options.iceServers !== undefined && iceServers === undefined) {
    throw new TypeError('connect: iceServers must be a list of { urls, username?, credential? }')
  }
  const { onStampProgress } = options
  if (onStampProgress !== undefined && typeof onStampProgress !== 'function')
    throw new TypeError('connect: onStampProgress must be a function')
  const [first, ...others] = [edge].flat()
  const base = edgeUrl(first)
  const opening = openIdentity(options.identity, requireNative, {
    bases: [base, ...others.map(edgeUrl)],
    network,
    onProgress: onStampProgress,
  })
  const stop = new AbortController()
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS)
  const { signal = stop.signal } = options
  const asking = askEdge(base, network, AbortSignal.any([signal, timeout, stop.signal]))
  try {
    const [Directs, Mail, opened] = await Promise.all([
      relayOnly ? undefined : loadDirect(),
      mail ? loadMail() : undefined,
      opening,
    ])
    const { passes, bootstraps } = opened
    const challenge = await bootstraps.begin(asking)
    signal.throwIfAborted()
    if (challenge !== undefined) passes.offer(challenge)
    await passes.begin() // Whoever connects is about to join.
    void bootstraps.keep()
    return new Waypost({
      network,
      relayOnly,
      direct: Directs && new Directs({ network, own: iceServers, ...opened }),
      mail: Mail,
      mesh,
      ...opened,
    })
  } catch (problem) {
    // However far it got: whoever tries again must not find it taken by a try that failed.
    await opening.then(
      ({ release }) => release(),
      () => {},
    )
    if (!signal.aborted) throw problem
    throw new WaypostError('aborted', 'connect was aborted', { cause: signal.reason })
  } finally {
    stop.abort()
  }
}

/** Beside the question to the edge, so that nobody waits for it. A page that cannot load it still has the relay. */
async function loadDirect(): Promise<typeof Directs | undefined> {
  if (typeof RTCPeerConnection !== 'function') return undefined
  return import('./direct.ts').then(
    (module) => module.Directs,
    () => undefined,
  )
}

async function loadMail(): Promise<typeof Mail> {
  return (await import('./mail/mail.ts')).Mail
}

async function openIdentity(
  choice: IdentityChoice | undefined,
  requireNative: boolean,
  edge: EdgeOfIdentity,
): Promise<OpenKeys> {
  return (await import('./secure.ts')).openIdentity(choice, requireNative, edge)
}

function edgeUrl(edge: string | URL | undefined): URL {
  let url: URL
  try {
    // In a page, an edge may be named relative to it.
    url = new URL(edge as string | URL, typeof location === 'undefined' ? undefined : location.href)
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
