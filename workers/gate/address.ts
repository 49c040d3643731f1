// Where a request comes from, as far as limits go by it: an IPv4 address, or the /64 that one household has of IPv6.

/** Undefined where the platform does not say: on a machine of one's own, and in tests. */
export function addressOf(request: Request): string | undefined {
  const address = request.headers.get('CF-Connecting-IP')?.trim()
  if (address === undefined || address === '') return undefined
  return address.includes(':') ? prefixOf(address) : address
}

/** The first four of eight groups, written in one way only. An IPv4 address in IPv6's clothes is that IPv4 address. */
function prefixOf(address: string): string {
  const inner = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (inner !== undefined) return inner
  const [left = '', right] = address.toLowerCase().split('::')
  const groups = left === '' ? [] : left.split(':')
  const behind = right === undefined || right === '' ? [] : right.split(':')
  const zeros = right === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...behind]
  const first = all.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${first.join(':')}::/64`
}
