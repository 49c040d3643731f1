// What the edge answers, held to what /openapi.json says it answers: status, media type and body, strictly; a field that nobody described is
// wrong. Tests of routes ask by way of this.

import { exports } from 'cloudflare:workers'
import { Validator } from '@cfworker/json-schema'
import { openApiDocument } from '../../workers/openapi/document.ts'

interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >
}

const document = openApiDocument({ strict: true }) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: object
}

const PATTERNS = Object.entries(document.paths).map(([path, methods]) => ({
  form: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  methods,
}))
const validators = new WeakMap<object, Validator>()

/** Of a route that there is none of, and of a method that a route does not have, nothing is described. */
const UNDESCRIBED = new Set(['not-found', 'method-not-allowed'])

/** Throws an Error that says what is not as described. */
export function expectDescribed(method: string, path: string, answer: Response, text: string): void {
  const operation = PATTERNS.find(({ form }) => form.test(path))?.methods[method.toLowerCase()]
  const type = answer.headers.get('Content-Type')?.split(';')[0] ?? ''
  const asked = `${method} ${path} → ${answer.status} ${type}`
  const body: unknown = type === 'application/json' && text !== '' ? JSON.parse(text) : undefined
  const code = (body as { error?: { code?: string } } | undefined)?.error?.code ?? ''
  if (method === 'HEAD' || method === 'OPTIONS' || UNDESCRIBED.has(code)) return
  const described = operation?.responses[answer.status]
  if (described === undefined) throw new Error(`${asked} is not described${code === '' ? '' : `: ${code}`}`)
  const { content } = described
  if (content === undefined) {
    if (text !== '') throw new Error(`${asked} has a body, and none is described`)
    return
  }
  if (!(type in content)) throw new Error(`${asked}: no such type is described`)
  const schema = content[type]?.schema
  if (schema === undefined || body === undefined) return
  const { valid, errors } = validatorOf(schema).validate(body)
  if (!valid) throw new Error(`${asked}: ${JSON.stringify(errors.slice(-2), null, 1)} of ${text}`)
}

/** As fetch does it, with the answer held to the description. */
export async function fetchDescribed(address: string, init: RequestInit = {}): Promise<Response> {
  const answer = await exports.default.fetch(address, init as never)
  if (answer.status !== 101)
    expectDescribed(init.method ?? 'GET', new URL(address).pathname, answer, await textOf(answer))
  return answer
}

/** Of events nothing: they go on for minutes, and are their reader's. */
async function textOf(answer: Response): Promise<string> {
  const type = answer.headers.get('Content-Type') ?? ''
  return type.startsWith('text/event-stream') ? '' : answer.clone().text()
}

function validatorOf(schema: object): Validator {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = new Validator({ ...schema, components: document.components } as never, '2020-12')
    validators.set(schema, validator)
  }
  return validator
}
