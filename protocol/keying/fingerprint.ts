// The certificate a session description promises, as bytes: what binds a direct connection to a link.

const LINE = /^a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})\s*$/gim

/** Undefined where there is no SHA-256 fingerprint, or there are several that differ: then it promises nothing. */
export function fingerprintOf(sdp: string): Uint8Array | undefined {
  const found = new Set([...sdp.matchAll(LINE)].map(([, hex]) => (hex as string).toLowerCase()))
  const [only] = found
  if (only === undefined || found.size > 1) return undefined
  return Uint8Array.from(only.split(':'), (byte) => Number.parseInt(byte, 16))
}
