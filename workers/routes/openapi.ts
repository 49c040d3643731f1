// GET /openapi.json: all of this edge's routes, for programs that read such. Made when it is first asked for; what makes it is not even
// started before.

import type { Context } from 'hono'
import type { Edge } from '../env.ts'

const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' }

let text: string | undefined

export async function openapi(c: Context<Edge>): Promise<Response> {
  if (text === undefined) {
    const { openApiDocument } = await import('../openapi/document.ts')
    text = JSON.stringify(openApiDocument())
  }
  return c.body(text, 200, HEADERS)
}
