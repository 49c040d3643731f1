// The administrator's token, as long as this page is open: typed in by the visitor, sent in a header and nowhere else. It goes
// into the tab's own storage only when the visitor asks for that, and into no address ever.

const KEPT_AS = 'waypost-admin-token'

let current: string | undefined = kept()
const listeners: (() => void)[] = []

export const adminToken = {
  get value(): string | undefined {
    return current
  },

  get isKept(): boolean {
    return kept() !== undefined
  },

  /** From now on every request shows it. `keep`: it outlives a reload of this tab, and ends with the tab. */
  use(token: string, keep: boolean): void {
    current = token
    forgetKept()
    if (keep) keepInTab(token)
    for (const listener of listeners) listener()
  },

  forget(): void {
    current = undefined
    forgetKept()
    for (const listener of listeners) listener()
  },

  /** Told when there is another, or none any more. */
  listen(changed: () => void): void {
    listeners.push(changed)
  },
}

// A browser that forbids storage throws: then the token lives as long as the page, which is what it does anyway.

function kept(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT_AS) ?? undefined
  } catch {
    return undefined
  }
}

function keepInTab(token: string): void {
  try {
    sessionStorage.setItem(KEPT_AS, token)
  } catch {}
}

function forgetKept(): void {
  try {
    sessionStorage.removeItem(KEPT_AS)
  } catch {}
}
