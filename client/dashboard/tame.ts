// Text that others wrote: names, rooms, notes. It is shortened, and freed of characters that would change how the text around
// it reads.

/** Control characters, and those that turn the direction of what follows. Joiners stay: emoji and Persian need them. */
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
const SEEN = /[\p{L}\p{N}\p{P}\p{S}]/u

export function tame(text: string, charsMax: number): string {
  const some = text.slice(0, charsMax * 4).toWellFormed()
  const clean = some.replace(UNSEEN, (found) => (found === '\n' || found === '\t' ? ' ' : ''))
  if (!SEEN.test(clean)) return ''
  const chars = [...clean.trim()]
  return chars.length <= charsMax && some.length === text.length
    ? chars.join('')
    : `${chars.slice(0, charsMax - 1).join('')}…`
}
