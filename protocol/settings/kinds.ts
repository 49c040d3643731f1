// The kinds of settings a deployment can have: how each is read from the text somebody wrote, what it is when nobody did, and
// the sentence that is said when it cannot be. A sentence names the setting; of a secret it never says the value.

/** `Given`: what may stand in the deployment's configuration. */
export interface Setting<Value, Given = string> {
  /** What it does, as the page of settings says it. */
  readonly what: string
  /** The default, as the page says it. */
  readonly otherwise: string
  readonly least?: number
  readonly most?: number
  readonly isSecret: boolean
  /** Throws RangeError with a sentence. What is not there or empty is the default. */
  read(name: string, given: Given | undefined): Value
}

export interface Range {
  readonly otherwise: number
  readonly least: number
  readonly most: number
}

/** A whole number within a range. */
export function whole(what: string, { otherwise, least, most }: Range): Setting<number, string | number> {
  return {
    what,
    otherwise: `${otherwise}`,
    least,
    most,
    isSecret: false,
    read(name, given) {
      if (isAbsent(given)) return otherwise
      const value = Number(given)
      if (!Number.isInteger(value) || value < least || value > most)
        throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${given}`)
      return value
    },
  }
}

/** One of a few words. */
export function oneOf<Word extends string>(
  what: string,
  words: readonly Word[],
  otherwise: Word,
): Setting<Word> {
  return {
    what,
    otherwise: `\`${otherwise}\``,
    isSecret: false,
    read(name, given) {
      if (isAbsent(given)) return otherwise
      const word = words.find((one) => one === given)
      if (word === undefined) throw new RangeError(`${name} must be one of ${words.join(', ')}, not ${given}`)
      return word
    },
  }
}

/**
 * Text that `parse` understands; undefined from it: it does not. `must`: the end of a sentence that begins with the name.
 * `otherwise` is parsed like what somebody wrote: a default may not be what nobody could set.
 */
export function text<Value>(
  what: string,
  otherwise: string,
  must: string,
  parse: (text: string) => Value | undefined,
): Setting<Value> {
  return {
    what,
    otherwise: otherwise === '' ? 'none' : `\`${otherwise}\``,
    isSecret: false,
    read(name, given) {
      const value = parse(isAbsent(given) ? otherwise : `${given}`.trim())
      if (value === undefined) throw new RangeError(`${name} ${must}, not ${given}`)
      return value
    },
  }
}

/** A value as JSON text, or as a table of the configuration file, which comes as the value itself. */
export function json<Value>(
  what: string,
  { otherwise, shown }: { readonly otherwise: Value; readonly shown: string },
  must: string,
  parse: (value: unknown) => Value | undefined,
): Setting<Value> {
  return {
    what,
    otherwise: shown,
    isSecret: false,
    read(name, given) {
      if (isAbsent(given)) return otherwise
      const value = parse(typeof given === 'string' ? parsed(name, given) : given)
      if (value === undefined) throw new RangeError(`${name} ${must}`)
      return value
    },
  }
}

/** `parse` throws where it is wrong, and must not say what it was given. */
export function secret<Value>(what: string, parse: (name: string, text: string) => Value): Setting<Value> {
  return {
    what,
    otherwise: '',
    isSecret: true,
    read: (name, given) => parse(name, isAbsent(given) ? '' : `${given}`),
  }
}

function isAbsent(given: unknown): given is undefined | '' {
  return given === undefined || given === null || given === ''
}

function parsed(name: string, given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    throw new RangeError(`${name} is not JSON`)
  }
}
