// Which pages there are, and which one an address means. A page's code and style are fetched when it is first shown, so that a
// visitor who wants two tabs to meet does not wait for charts.

/** What stands behind a tab. */
export interface Page {
  /** It is what the visitor sees from now on; `rest` is what follows its name in the address, decoded. */
  show(rest: string): void
  /** Another page is shown. What costs something while nobody looks ends here. */
  hide(): void
}

export interface PageModule {
  /** Called once, with the empty place the page is to fill. */
  open(place: HTMLElement): Page
}

export interface PageEntry {
  readonly title: string
  /** A stylesheet of its own, by the name the build gives it. */
  readonly style?: string
  load(): Promise<PageModule>
}

export const PAGES = {
  try: { title: 'Try it', load: () => import('./try/page.ts') },
  network: { title: 'Network', style: 'network.css', load: () => import('./network/page.ts') },
  admin: { title: 'Administration', style: 'admin.css', load: () => import('./admin/page.ts') },
  doctor: { title: 'Doctor', style: 'doctor.css', load: () => import('./doctor/page.ts') },
} as const satisfies Readonly<Record<string, PageEntry>>

export type PageName = keyof typeof PAGES

export interface Route {
  readonly page: PageName
  readonly rest: string
}

/**
 * `#network` and `#network/name` are pages. Whatever is no page is a room to try, as in links that were handed out when rooms
 * were all there was; a room that is called like a page is reached as `#try/network`.
 */
export function routeOf(hash: string): Route {
  const [, name, rest] = /^#([a-z]+)(?:\/(.*))?$/s.exec(hash) ?? []
  if (name !== undefined && Object.hasOwn(PAGES, name)) {
    return { page: name as PageName, rest: decoded(rest ?? '') }
  }
  return { page: 'try', rest: decoded(hash.slice(1)) }
}

/** The address of a page, and of what is shown on it. */
export const addressOf = (page: PageName, rest: string): string =>
  rest === '' ? `#${page}` : `#${page}/${encodeURIComponent(rest)}`

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // Not an escape after all.
  }
}
