// Every call from the Worker to an object: let through or not by the breakers of its class, given up when it takes too long, counted, and
// a span where its request is traced. Routes see the objects as before: their environment is one in which all of this happens.

import type { Outcome } from '../../protocol/breaker/breaker.ts'
import type { ObjectVerdict } from '../../protocol/breaker/table.ts'
import { BREAKER_OPEN_MS, CALL_TIMEOUT_MS } from '../../protocol/limits/breaker.ts'
import { TRACE_HEADER } from '../../protocol/trace/context.ts'
import type { Env } from '../env.ts'
import { Unavailable } from '../errors.ts'
import { settledAs } from '../settings/settings.ts'
import {
  type Binding,
  breakersOf,
  type CallEnd,
  CLASSES,
  callLabels,
  counters,
  type ObjectClass,
} from './isolate.ts'
import type { RequestMeter, Tracing } from './request.ts'

type MeteredEnv = Env & { readonly [METER]: RequestMeter }
const METER = Symbol('meter')
/** Of each environment the one that its requests' are made of; an isolate has one. */
const guardedOf = new WeakMap<Env, Env>()

/** The environment as a request's route is given it. Settings are read through it as they are. */
export function metered(env: Env, meter: RequestMeter): Env {
  let common = guardedOf.get(env)
  if (common === undefined) {
    common = guardedEnv(env)
    guardedOf.set(env, common)
  }
  // Defined, not assigned: what an environment inherits from may hear of assignments.
  const made = Object.create(common, { [METER]: { value: meter } }) as Env
  settledAs(made, env)
  return made
}

/** Guards are made when a route asks for them, and most ask for one. */
function guardedEnv(env: Env): Env {
  const guard = (binding: Binding) => ({
    get(this: MeteredEnv) {
      return guarded<object, unknown>(env[binding], CLASSES[binding], this[METER])
    },
  })
  return Object.create(env, {
    ROOMS: guard('ROOMS'),
    MAILBOXES: guard('MAILBOXES'),
    REGISTRIES: guard('REGISTRIES'),
    SHARDS: guard('SHARDS'),
  }) as Env
}

interface Namespace<Stub, Options> {
  getByName(name: string, options?: Options): Stub
}

function guarded<Stub extends object, Options>(
  namespace: Namespace<Stub, Options>,
  of: ObjectClass,
  meter: RequestMeter,
): Namespace<Stub, Options> {
  return {
    getByName: (name, options) =>
      new Proxy(namespace.getByName(name, options), {
        get: (stub, method) => {
          // Whatever is awaited is asked whether it is a promise.
          if (typeof method !== 'string' || method === 'then') return undefined
          return (...args: readonly unknown[]) => call({ of, name, method, meter }, stub, args)
        },
      }),
  }
}

interface CallMade {
  readonly of: ObjectClass
  readonly name: string
  readonly method: string
  readonly meter: RequestMeter
}

/** When an object worked on it, by its own clock. */
interface Worked {
  readonly beganAtMs: number
  readonly endedAtMs: number
}

interface Timed extends Worked {
  readonly answer: unknown
}

type Callable = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>

async function call(made: CallMade, stub: object, args: readonly unknown[]): Promise<unknown> {
  const { of, name, method, meter } = made
  const beganAtMs = Date.now()
  // Whoever asks how an object is wants to know, above all when it is not well.
  const verdict = method === 'probe' ? undefined : breakersOf(of).ask(name, beganAtMs)
  if (verdict?.pass === false) {
    counters.calls.add(callLabels(of, `open-${verdict.by}`))
    throw new Unavailable(`${of} is not well just now`, verdict.retryAfterMs)
  }
  const tracing = meter.begin()
  const isFetch = args[0] instanceof Request
  if (tracing !== undefined && args[0] instanceof Request)
    args[0].headers.set(TRACE_HEADER, tracing.traceparent)
  try {
    if (tracing === undefined || isFetch) {
      const answer = await inTime((stub as Callable)[method]?.(...args))
      ended(made, verdict, tracing, beganAtMs, 'succeeded')
      return answer
    }
    // RPC carries no headers: of a traced call the object says with its answer when it worked on it, and the span is made here.
    const { answer, ...worked } = (await inTime((stub as Callable).timed?.(method, args))) as Timed
    ended(made, verdict, tracing, beganAtMs, 'succeeded', worked)
    return answer
  } catch (error) {
    ended(made, verdict, tracing, beganAtMs, endOf(error))
    meter.failure ??= { of: `${of}.${method}`, error }
    throw error
  }
}

function endOf(error: unknown): CallEnd {
  if (error instanceof Unavailable) return 'timeout'
  // The object runs, and says that it was asked wrongly, or that the deployment's settings are wrong.
  return error instanceof RangeError || error instanceof TypeError ? 'refused' : 'failed'
}

const OUTCOME: Readonly<Record<CallEnd, Outcome>> = {
  succeeded: 'succeeded',
  refused: 'succeeded',
  failed: 'failed',
  timeout: 'failed',
  'open-object': 'unheard',
  'open-class': 'unheard',
}

function ended(
  { of, method, meter }: CallMade,
  verdict: (ObjectVerdict & { readonly pass: true }) | undefined,
  tracing: Tracing | undefined,
  beganAtMs: number,
  end: CallEnd,
  worked?: Worked,
): void {
  const endedAtMs = Date.now()
  if (verdict !== undefined) breakersOf(of).ended(verdict.call, OUTCOME[end], endedAtMs)
  counters.calls.add(callLabels(of, end))
  counters.callDurations.observe(`class="${of}"`, endedAtMs - beganAtMs)
  if (tracing === undefined) return
  const failed = OUTCOME[end] === 'failed'
  const attributes = { 'rpc.service': of, 'rpc.method': method, 'waypost.outcome': end }
  meter.end(tracing, { name: `${of}.${method}`, beganAtMs, endedAtMs, failed, attributes })
  if (worked !== undefined)
    meter.within(tracing, { name: `${of} answers ${method}`, ...worked, failed, attributes })
}

/** An object that hangs shall not hang whoever waits for it; what it was asked for may still happen. */
async function inTime(answer: Promise<unknown> | undefined): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unavailable('an object did not answer in time', BREAKER_OPEN_MS)),
      CALL_TIMEOUT_MS,
    )
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
