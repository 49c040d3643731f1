// Bodies of requests, read no further than they may be long.

const OCTETS = 'application/octet-stream'
const JSON_TYPE = 'application/json'

/** Or is not said to be anything: so a browser need not ask first whether it may send it from another origin. */
export function isOctets(request: Request): boolean {
  const type = mediaType(request)
  return type === undefined || type === OCTETS
}
export const isJson = (request: Request) => mediaType(request) === JSON_TYPE

function mediaType(request: Request): string | undefined {
  return request.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase()
}

/** The body, if it has this length. Of a longer one no more is read than it takes to know. */
export async function readExactly(request: Request, length: number): Promise<Uint8Array | undefined> {
  const announced = request.headers.get('Content-Length')
  if (announced !== null && Number(announced) !== length) return undefined
  const body = await readAtMost(request, length)
  return body?.length === length ? body : undefined
}

/** The body, or undefined for one that is longer. */
export async function readAtMost(request: Request | Response, most: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get('Content-Length') ?? 0) > most) return undefined
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    length += chunk.length
    if (length > most) return undefined // Leaving the loop cancels the rest.
    chunks.push(chunk)
  }
  const body = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}

/** The fields of the JSON object that a body is; none for what is no JSON, or no object. */
export function objectIn(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
