// The dashboard's frame: the tabs, the one page that is shown, and whether this edge answers.

import { announce, find, make, setPill, setText } from './dom.ts'
import { type Health, HealthWatch, TONES } from './health.ts'
import { addressOf, PAGES, type Page, type PageEntry, type PageName, type Route, routeOf } from './pages.ts'
import { milliseconds } from './words.ts'

const opened = new Map<PageName, Promise<Page>>()
let shown: Route | undefined

const placeOf = (name: PageName) => find(document, `#page-${name}`, HTMLElement)
const linkTo = (name: PageName) => find(document, `nav a[data-page="${name}"]`, HTMLAnchorElement)

function openOnce(name: PageName): Promise<Page> {
  const known = opened.get(name)
  if (known !== undefined) return known
  const entry: PageEntry = PAGES[name]
  const page = Promise.all([entry.load(), styled(entry.style)]).then(([module]) => module.open(placeOf(name)))
  opened.set(name, page)
  // What could not be fetched is fetched anew the next time it is wanted.
  page.catch(() => opened.delete(name))
  return page
}

function styled(href: string | undefined): Promise<void> {
  if (href === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const link = make('link', { rel: 'stylesheet', href })
    link.addEventListener('load', () => resolve())
    link.addEventListener('error', () => {
      link.remove()
      reject(new Error(`${href} could not be fetched`))
    })
    document.head.append(link)
  })
}

async function go(): Promise<void> {
  const route = routeOf(location.hash)
  const before = shown
  shown = route
  const { title } = PAGES[route.page]
  document.title = `${title} · Waypost`
  if (before?.page !== route.page) turnTo(route.page, before?.page)
  // Coming back to a tab is coming back to what was shown on it.
  linkTo(route.page).setAttribute('href', addressOf(route.page, route.rest))
  try {
    const page = await openOnce(route.page)
    if (shown === route) page.show(route.rest)
    find(document, '#page-missing', HTMLElement).hidden = true
  } catch (error) {
    if (shown !== route) return
    find(document, '#page-missing', HTMLElement).hidden = false
    announce(`The page ${title} could not be loaded`)
    reportError(error)
  }
}

function turnTo(name: PageName, before: PageName | undefined): void {
  for (const each of Object.keys(PAGES) as PageName[]) {
    placeOf(each).hidden = each !== name
    if (each === name) linkTo(each).setAttribute('aria-current', 'page')
    else linkTo(each).removeAttribute('aria-current')
  }
  if (before === undefined) return
  void opened.get(before)?.then((page) => page.hide())
  window.scrollTo(0, 0)
  announce(PAGES[name].title)
}

const pill = find(document, '#edge-pill', HTMLElement)

function showHealth(health: Health): void {
  const tone = TONES[health.kind]
  switch (health.kind) {
    case 'asking':
      return setPill(pill, tone, 'Asking the edge…')
    case 'up':
      return setPill(pill, tone, `Edge up · ${milliseconds(health.roundTripMs)} ms`)
    case 'ailing':
      return setPill(pill, tone, 'Edge ailing')
    case 'down':
      return setPill(pill, tone, 'Edge not reachable')
  }
}

setText(find(document, '#host', HTMLElement), location.host)
find(document, '#load-again', HTMLButtonElement).addEventListener('click', () => void go())
window.addEventListener('hashchange', () => void go())
HealthWatch.shared.listen(showHealth)
void go()
