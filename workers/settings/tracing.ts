// Where traces go, as text says it. What is wrong with a secret is said without the secret.

/** Undefined for what is no address that can be posted to: nothing is where a name and password are in it, which headers are for. */
export function parseCollector(text: string): string | undefined {
  if (text === '') return text
  const { protocol = '', username, password } = URL.parse(text) ?? {}
  return /^https?:$/.test(protocol) && !username && !password ? text : undefined
}

/** Undefined for what is no share. */
export function parseShare(text: string): number | undefined {
  const share = Number(text)
  return share >= 0 && share <= 1 ? share : undefined
}

export function parseHeaders(name: string, text: string): Readonly<Record<string, string>> {
  if (text === '') return {}
  const wrong = new RangeError(`${name} must be JSON: an object of header names and their values`)
  let value: unknown
  try {
    value = JSON.parse(text)
    new Headers(value as Record<string, string>)
  } catch {
    throw wrong
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong
  if (!Object.values(value).every((each) => typeof each === 'string')) throw wrong
  return value as Record<string, string>
}
