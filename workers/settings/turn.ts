// Where TURN credentials come from, as text says it. That settings which belong together are all there is seen where they are
// used (workers/turn/provider.ts).

export const TURN_API_BASE = 'https://rtc.live.cloudflare.com/v1'

/** Undefined for what is no address that can be asked. Without a slash at its end. */
export function parseBase(text: string): string | undefined {
  const { protocol } = URL.parse(text) ?? {}
  return protocol === 'https:' || protocol === 'http:' ? text.replace(/\/+$/, '') : undefined
}

/** Undefined unless each is the address of a TURN server. */
export function parseTurnUrls(text: string): readonly string[] | undefined {
  if (text === '') return []
  const urls = text.split(',').map((url) => url.trim())
  return urls.every((url) => /^turns?:[^\s/?]+(\?transport=(udp|tcp))?$/.test(url)) ? urls : undefined
}
