// /openapi.json: sound, complete in itself, and every route of it described. What the edge really answers is held to it where the edge
// is tested (test/edge/described.ts).

import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { HTTP_ERRORS } from '../../workers/errors.ts'
import { openApiDocument } from '../../workers/openapi/document.ts'

interface Described {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, { readonly description: string }>>
}
const document = openApiDocument() as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, described]) => ({ path, method, ...described })),
)

describe('/openapi.json', () => {
  it('is what the specification of OpenAPI 3.1 says such a document is', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
    expect(errors).toBe(undefined)
    expect(valid).toBe(true)
  })

  it('and a document that is none would be seen', async () => {
    const broken = structuredClone(document) as unknown as {
      paths: Record<string, { get: { responses: unknown } }>
    }
    const health = broken.paths['/health']
    if (health !== undefined) health.get.responses = { ok: 'yes' }
    expect((await new Validator().validate(broken as never)).valid).toBe(false)
  })

  it('refers to what there is, and has nothing that nobody refers to', () => {
    const text = JSON.stringify(document)
    const referred = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name))
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort())
    expect(text).not.toMatch(/"\$(schema|id)"/)
  })

  it('calls each operation by a name of its own, and says each parameter of its path', () => {
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, parameters = [], summary } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
      expect(summary.length).toBeGreaterThan(5)
    }
  })

  it('says of every refusal where it may be met, but of those that no route gives', () => {
    const said = new Set(
      operations
        .flatMap(({ responses }) =>
          Object.values(responses).flatMap(({ description }) => [...description.matchAll(/`([\w-]+)`/g)]),
        )
        .map(([, code]) => code),
    )
    const unsaid = Object.keys(HTTP_ERRORS).filter((code) => !said.has(code))
    expect(unsaid).toEqual(['not-found', 'method-not-allowed'])
  })
})
