// Lists that filter: who may come, or who may not. And the edges a client may use.

import { isRegion, type Region } from '../dht/regions.ts'

/** Nobody is named: anybody. With `!` before each name: anybody else. Otherwise: those alone. */
export interface Allowed {
  readonly kind: 'any' | 'only' | 'except'
  readonly names: ReadonlySet<string>
}

/** `DE,FR` or `!DE,!FR`. Undefined for a mixture, which could mean two things, and for names that are none. */
export function parseAllowed(text: string, isName: (name: string) => boolean): Allowed | undefined {
  const words = listOf(text)
  const denied = words.filter((word) => word.startsWith('!'))
  if (denied.length > 0 && denied.length < words.length) return undefined
  const names = words.map((word) => word.replace(/^!/, ''))
  if (!names.every(isName)) return undefined
  const kind = words.length === 0 ? 'any' : denied.length > 0 ? 'except' : 'only'
  return { kind, names: new Set(names) }
}

/** Whoever is not known is not among those alone, and not among those either who may not. */
export function isAllowed({ kind, names }: Allowed, name: string | undefined): boolean {
  if (kind === 'any') return true
  const isNamed = name !== undefined && names.has(name)
  return kind === 'only' ? isNamed : !isNamed
}

export const isCountry = (name: string) => /^[A-Z][A-Z0-9]$/.test(name)
export const isAsn = (name: string) => /^[1-9]\d{0,9}$/.test(name)

/** As a browser writes it: scheme, host, and the port where it is another than the scheme's. */
export function isOrigin(text: string): boolean {
  const form = /^(https?):\/\/(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(?::([1-9]\d{0,4}))?$/
  const [, scheme, port] = form.exec(text) ?? []
  if (port === undefined) return scheme !== undefined
  return Number(port) <= 65_535 && port !== (scheme === 'https' ? '443' : '80')
}

/** Undefined unless each is an origin. */
export function parseOrigins(text: string): ReadonlySet<string> | undefined {
  const origins = listOf(text)
  return origins.every(isOrigin) ? new Set(origins) : undefined
}

/** An edge that a client may use. */
export interface NamedEdge {
  readonly url: string
  readonly region?: Region
  readonly weight?: number
}

/** Undefined unless it is a list of edges whose addresses are origins. */
export function parseEdges(value: unknown): readonly NamedEdge[] | undefined {
  return Array.isArray(value) && value.every(isNamedEdge) ? value : undefined
}

function isNamedEdge(value: unknown): value is NamedEdge {
  if (typeof value !== 'object' || value === null) return false
  const { url, region, weight, ...unknown } = value as Record<string, unknown>
  return (
    typeof url === 'string' &&
    isOrigin(url) &&
    (region === undefined || (typeof region === 'string' && isRegion(region))) &&
    (weight === undefined || (typeof weight === 'number' && weight > 0 && weight < Infinity)) &&
    Object.keys(unknown).length === 0
  )
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
