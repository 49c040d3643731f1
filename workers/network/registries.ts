// Asks all registries of a network at once. One that does not answer in time is left out, and the answer says so: who looks at a network
// in trouble is served by what can be known, and not by an error.

import { REGISTRY_ANSWER_MS } from '../../protocol/limits/network.ts'
import { REGISTRIES, registryObjectName } from '../../protocol/mailbox/report.ts'
import type { Env, RegistryStub } from '../env.ts'

export interface Answers<T> {
  readonly answers: readonly T[]
  /** How many did not. */
  readonly missing: number
}

/** All of a network's, by their numbers. */
export function registriesOf(env: Env, network: string): readonly RegistryStub[] {
  return Array.from({ length: REGISTRIES }, (_, number) =>
    env.REGISTRIES.getByName(registryObjectName(network, number)),
  )
}

export async function askRegistries<T>(
  env: Env,
  network: string,
  question: (registry: RegistryStub) => Promise<T>,
): Promise<Answers<T>> {
  const asked = registriesOf(env, network).map((registry) => soon(question(registry)))
  const heard = (await Promise.all(asked)).filter((answer) => answer !== undefined)
  return { answers: heard.map(({ value }) => value), missing: REGISTRIES - heard.length }
}

/** Undefined for what fails, or is not there in time. */
export async function soon<T>(answer: Promise<T>): Promise<{ readonly value: T } | undefined> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, REGISTRY_ANSWER_MS, undefined)
  })
  try {
    return await Promise.race([answer.then((value) => ({ value })), late])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
