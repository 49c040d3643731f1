// Checking what applications pass in: misuse throws at once and names the argument. An option nobody knows is refused,
// since a misspelt option is one silently not applied.

export function checkOptions(what: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${what}: options must be an object`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`${what}: unknown option '${name}'; there is ${known.join(', ')}`)
  }
}

export function checkDuration(what: string, ms: number | undefined, most: number): void {
  if (ms === undefined) return
  if (typeof ms !== 'number' || Number.isNaN(ms))
    throw new TypeError(`${what} must be a number of milliseconds`)
  if (ms <= 0 || ms > most) throw new RangeError(`${what} must be more than 0 and at most ${most}`)
}

export function checkSignal(what: string, signal: AbortSignal | undefined): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`${what} must be an AbortSignal`)
}

export function checkChoice(what: string, choice: unknown, choices: readonly string[]): void {
  if (typeof choice !== 'string') throw new TypeError(`${what} must be a string`)
  if (!choices.includes(choice))
    throw new RangeError(`${what}: there is no '${choice}'; there is ${choices.join(', ')}`)
}
