// /openapi.json, put together: the table of routes, and the schemas that routes' bodies are typed by, as JSON Schema.

import * as z from 'zod'
import { VERSION } from '../../protocol/version.ts'
import { HTTP_ERRORS, type HttpErrorCode } from '../errors.ts'
import { Refusal } from './bodies/edge.ts'
import { NAMED } from './naming.ts'
import type { Answer, Content, Operation } from './operation.ts'
import { JSON_TYPE, TAGS } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { IN_PATH, type Parameter } from './parameters.ts'

export type Json = { readonly [name: string]: unknown }

/** What any route may refuse with. */
const COMMON: readonly HttpErrorCode[] = [
  'misconfigured',
  'internal',
  'unavailable',
  'overloaded',
  // Of the gate (workers/gate/).
  'malformed',
  'too-large',
  'origin-denied',
  'country-denied',
  'asn-denied',
  'rate-limited',
]

const SECURITY = {
  pass: { type: 'http', scheme: 'bearer', description: 'A pass of POST /v1/passes, or of a room or mailbox' },
  admin: {
    type: 'http',
    scheme: 'bearer',
    description: 'The deployment’s ADMIN_TOKEN; nobody’s where NETWORK_VIEW is `open`',
  },
}

const DESCRIPTION = `The edge of a Waypost network. Any page may ask it (CORS). Every answer has an \`X-Request-Id\`; every refusal is
\`{ "error": { "code", "message", "retryAfterMs"? } }\`, with \`Retry-After\` where a time is said. Where there is too much, requests that matter less are
refused first with \`overloaded\`. Sockets are opened by GET with \`Upgrade: websocket\`, and spoken as protocol/wire/WIRE.md says.`

/** `strict`: a field that nobody described is wrong. So it is in tests; clients shall bear what is new. */
export function openApiDocument({ strict = false } = {}): Json {
  const convert = (schema: z.ZodType) => jsonSchema(schema, strict)
  const paths: Record<string, Record<string, Json>> = {}
  for (const [route, operation] of Object.entries(OPERATIONS)) {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(route, operation, convert) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Waypost',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This edge' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: namedSchemas(strict), securitySchemes: SECURITY },
  }
}

type Convert = (schema: z.ZodType) => Json

function operationOf(route: string, operation: Operation, convert: Convert): Json {
  const { tag, summary, description, shows, query = [], headers = [], body } = operation
  const inPath = [...route.matchAll(/:(\w+)/g)].map(([, name = '']) => ({ name, ...pathParameter(name) }))
  const parameters = [
    ...inPath.map((parameter) => ({ ...parameterOf(parameter, 'path', convert), required: true })),
    ...query.map((parameter) => parameterOf(parameter, 'query', convert)),
    ...headers.map((parameter) => parameterOf(parameter, 'header', convert)),
  ]
  return {
    operationId: operationId(route),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: shows === undefined ? [] : [{ [shows]: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: { description: body.what, required: true, content: contentOf(body.content, convert) },
        }),
    responses: responsesOf(operation, convert),
  }
}

/** `GET /v1/rooms/:room` is getRoomsRoom. */
function operationId(route: string): string {
  const words = route.replace('/v1', '').match(/[A-Za-z]+/g) ?? []
  return words
    .map((word, at) => (at === 0 ? word.toLowerCase() : word[0]?.toUpperCase() + word.slice(1)))
    .join('')
}

function pathParameter(name: string): Omit<Parameter, 'name'> {
  const known = IN_PATH[name]
  if (known === undefined) throw new TypeError(`workers/openapi/parameters.ts does not say what :${name} is`)
  return known
}

function parameterOf(
  { name, what, schema }: Parameter,
  where: 'path' | 'query' | 'header',
  convert: Convert,
): Json {
  return { name, in: where, description: what, schema: convert(schema) }
}

function contentOf(content: Content, convert: Convert): Json {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      schema === undefined ? {} : { schema: convert(schema) },
    ]),
  )
}

function responsesOf({ answers, shows, refuses = [] }: Operation, convert: Convert): Json {
  const responses: Record<string, Json> = {}
  for (const [status, answer] of Object.entries(answers)) responses[status] = responseOf(answer, convert)
  // Whoever shows a pass is somebody, who may be listed.
  const ofPeers: readonly HttpErrorCode[] = shows === 'pass' ? ['blacklisted'] : []
  const byStatus = Map.groupBy([...refuses, ...ofPeers, ...COMMON], (code) => HTTP_ERRORS[code])
  for (const [status, codes] of byStatus) {
    const refusal = refusalOf(codes)
    const answer = responses[status]
    responses[status] = answer === undefined ? refusal : either(answer, refusal)
  }
  return responses
}

function responseOf({ what, content, headers }: Answer, convert: Convert): Json {
  const named = Object.entries(headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ])
  return {
    description: what,
    ...(headers === undefined ? {} : { headers: Object.fromEntries(named) }),
    ...(content === undefined ? {} : { content: contentOf(content, convert) }),
  }
}

/** Of the refusals that there are, these. */
function refusalOf(codes: readonly HttpErrorCode[]): Json {
  const code = { enum: [...new Set(codes)].sort() }
  const these = { type: 'object', properties: { error: { type: 'object', properties: { code } } } }
  const schema = { allOf: [{ $ref: '#/components/schemas/Refusal' }, these] }
  return {
    description: `Refused: ${code.enum.map((one) => `\`${one}\``).join(', ')}`,
    content: { [JSON_TYPE]: { schema } },
  }
}

/** A status that is an answer and a refusal both. */
function either(answer: Json, refusal: Json): Json {
  const schemaOf = ({ content }: Json) => (content as Record<string, { schema: Json }>)[JSON_TYPE]?.schema
  const schema = { anyOf: [schemaOf(answer), schemaOf(refusal)] }
  return {
    ...answer,
    description: `${answer.description}. ${refusal.description}`,
    content: { [JSON_TYPE]: { schema } },
  }
}

const refTo = (id: string) => `#/components/schemas/${id}`

function jsonSchema(schema: z.ZodType, strict: boolean): Json {
  const known = NAMED.get(schema)
  return known === undefined
    ? cleaned(z.toJSONSchema(schema, { metadata: NAMED }), strict)
    : { $ref: refTo(known.id) }
}

function namedSchemas(strict: boolean): Json {
  if (!NAMED.has(Refusal)) throw new TypeError('refusals have no schema')
  const { schemas } = z.toJSONSchema(NAMED, { uri: refTo })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, cleaned(schema, strict)]))
}

/** What a schema says of itself as a document of its own is not for here. */
function cleaned(schema: unknown, strict: boolean): Json {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) => {
      if (name === '$schema' || name === '$id' || name === 'id')
        return typeof value === 'string' ? undefined : value
      return name === 'additionalProperties' && value === false && !strict ? undefined : value
    }),
  ) as Json
}
