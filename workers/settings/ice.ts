// ICE servers as a deployment names them: such as browsers take. One that they do not take costs every direct connection, since they
// refuse the whole list for it.

import { type IceServer, parseIceServers } from '../../protocol/bootstrap.ts'

const PLACE = String.raw`(?:\[[0-9a-f:.]+\]|[^\s[\]/?#@:]+)(?::(\d{1,5}))?`
const STUN = new RegExp(`^stuns?:${PLACE}$`, 'i')
const TURN = new RegExp(`^turns?:${PLACE}(?:\\?transport=(?:udp|tcp))?$`, 'i')

export const isStunUrl = (url: string) => isReached(STUN.exec(url))
export const isTurnUrl = (url: string) => isReached(TURN.exec(url))

/** Undefined unless it is a list of servers that every browser takes. */
export function parseNamedIceServers(value: unknown): readonly IceServer[] | undefined {
  const servers = parseIceServers(value)
  return servers?.every(isTakenByBrowsers) ? servers : undefined
}

/** TURN without a name and a password they refuse; what has another field was meant otherwise than it would be read. */
function isTakenByBrowsers({ urls, username, credential, ...unknown }: IceServer): boolean {
  const isNamed = Boolean(username && credential)
  const list = typeof urls === 'string' ? [urls] : urls
  return (
    list.every((url) => isStunUrl(url) || (isNamed && isTurnUrl(url))) && Object.keys(unknown).length === 0
  )
}

function isReached(match: RegExpExecArray | null): boolean {
  const port = match?.[1]
  return match !== null && (port === undefined || (Number(port) >= 1 && Number(port) <= 65_535))
}
