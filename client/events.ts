// Typed events: on() gives back the way to stop listening; a handler that throws harms nobody but itself.

/** Reports an application's own failure the way the platform reports an uncaught one. */
function report(error: unknown): void {
  if (typeof reportError === 'function') reportError(error)
  else
    queueMicrotask(() => {
      throw error
    })
}

export class Events<Map extends object> {
  readonly #handlers = new globalThis.Map<keyof Map, Set<(event: never) => unknown>>()
  readonly #known: readonly (keyof Map)[]

  constructor(known: readonly (keyof Map)[]) {
    this.#known = known
  }

  on<Name extends keyof Map>(name: Name, handler: (event: Map[Name]) => unknown): () => void {
    if (!this.#known.includes(name)) {
      throw new RangeError(`there is no event '${String(name)}'; there is ${this.#known.join(', ')}`)
    }
    if (typeof handler !== 'function') throw new TypeError('a handler must be a function')
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers)
    handlers.add(handler)
    return () => handlers.delete(handler)
  }

  heard(name: keyof Map): boolean {
    return (this.#handlers.get(name)?.size ?? 0) > 0
  }

  /** Resolves when every handler that returned a promise is done; at once, and undefined, when none did. */
  emit<Name extends keyof Map>(name: Name, event: Map[Name]): Promise<unknown> | undefined {
    const slow: Promise<unknown>[] = []
    const handlers = this.#handlers.get(name)
    for (const handler of [...(handlers ?? [])]) {
      if (!handlers?.has(handler)) continue // Another handler has just stopped it.
      try {
        const result = (handler as (event: Map[Name]) => unknown)(event)
        if (isThenable(result)) slow.push(Promise.resolve(result).catch(report))
      } catch (error) {
        report(error)
      }
    }
    return slow.length === 0 ? undefined : Promise.all(slow)
  }

  clear(): void {
    for (const handlers of this.#handlers.values()) handlers.clear()
  }
}

/** Also promises of other realms, and those of libraries. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}
