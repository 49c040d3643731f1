// The one alarm an object has. Setting it costs a row, so it is set only when none is pending that is early enough; one that
// comes too early does no harm.

export class Alarm {
  readonly #storage: DurableObjectStorage
  #atMs = Number.POSITIVE_INFINITY

  /** `pending`: whether there may be one of an earlier life. Nothing happens in the object before that is known. */
  constructor(ctx: DurableObjectState, pending: boolean) {
    this.#storage = ctx.storage
    if (!pending) return
    ctx.blockConcurrencyWhile(async () => {
      this.#atMs = (await ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY
    })
  }

  noLaterThan(atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.#atMs) return
    this.#atMs = atMs
    // Not waited for: it is written with whatever else this event writes, or not at all.
    void this.#storage.setAlarm(atMs)
  }

  rang(): void {
    this.#atMs = Number.POSITIVE_INFINITY
  }
}
