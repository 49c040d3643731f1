// The dashboard's pages about a network in a real browser: real peers on a real edge come and go, an administrator lists one;
// and a network of a thousand, which only the page has to be quick with.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Waypost } from '../../client/index.ts'
import { root } from '../../scripts/paths.ts'
import { tabOrder } from '../support/accessibility.ts'
import { seriousFindings } from '../support/axe.ts'
import { TestBrowser } from '../support/browser.ts'
import { DevelopmentEdge } from '../support/development-edge.ts'
import { countDrawing, workDuring } from '../support/frames.ts'
import { LargeNetwork } from '../support/large-network.ts'
import { WatchingPage } from '../support/watching-page.ts'
import { PICTURES, takePictures } from './pictures.ts'

const ADMIN_TOKEN = 'a-token-of-tests-and-of-nothing-else-0123456789a'
/** What would do something if any of it were taken for markup, or for an address. */
const MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>'
/** A README is read on a train too. */
const PICTURE_BYTES_MAX = 200_000
const VARS = { NETWORK_VIEW: 'open', REPORT_EVERY_MS: 500, ADMIN_TOKEN }

let edge: DevelopmentEdge
let browser: TestBrowser
let large: LargeNetwork
let small: LargeNetwork
let opened: WatchingPage[] = []
let peers: Waypost[] = []

beforeAll(async () => {
  ;[edge, browser, large, small] = await Promise.all([
    DevelopmentEdge.start(VARS),
    TestBrowser.launch(),
    LargeNetwork.start({ peers: 1_000, rooms: 40, links: 6_000 }),
    LargeNetwork.start({ peers: 60, rooms: 4, links: 150 }),
  ])
})
afterEach(async () => {
  const complaints = opened.flatMap((tab) => tab.complaints)
  await Promise.all([...opened.map((tab) => tab.close()), ...peers.map((peer) => peer.close())])
  opened = []
  peers = []
  expect(complaints).toEqual([])
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([large?.stop(), small?.stop()])
  await edge?.stop()
})

async function open(address: string, url = edge.url): Promise<WatchingPage> {
  const tab = await WatchingPage.open(browser, url, address)
  opened.push(tab)
  return tab
}

async function peerIn(network: string, room: string, metadata?: { name: string }): Promise<Waypost> {
  const peer = await connect(edge.url, { network })
  peers.push(peer)
  await peer.join(room, metadata === undefined ? {} : { metadata })
  return peer
}

describe('the page of a network', () => {
  it('says that nobody is there, shows who comes as it happens, and who goes', async () => {
    const tab = await open('#network/watched')
    await tab.says('.graph-summary', /^0 peers in 0 rooms/)
    await tab.find('.graph-empty').waitFor()
    await tab.says('#network-freshness', 'Live')
    const one = await peerIn('watched', MARKUP, { name: MARKUP })
    await tab.says('.graph-summary', /^1 peer in 1 room,/)
    const other = await peerIn('watched', MARKUP)
    await tab.says('.graph-summary', /^2 peers in 1 room,/)
    await tab.find('#peer-search').fill(other.id)
    await tab.find('#peer-search').press('Enter')
    await tab.says('.details', other.id)
    // The room's name is text everywhere, and nothing but text.
    await tab.says('.details', MARKUP)
    expect(await tab.find('main img, main script').count()).toBe(0)
    await other.close()
    await tab.says('.graph-summary', /^1 peer in 1 room,/)
    await tab.says('.details', 'This peer has left')
    expect(one.id).not.toBe(other.id)
  })

  it('refuses what is no network, and shows another one', async () => {
    const tab = await open(`#network/${encodeURIComponent(MARKUP)}`)
    await tab.says('.problem', 'A network’s name is letters')
    await tab.find('#network-network').fill('somewhere-else')
    await tab.find('#network-network').press('Enter')
    await tab.says('.graph-summary', /^0 peers/)
    expect(new URL(tab.page.url()).hash).toBe('#network/somewhere-else')
  })

  it('is walked with the keyboard alone, and always shows where one is', async () => {
    const tab = await open('#network', small.url)
    await tab.settled()
    await tab.says('.tiles', '1,204912 gets, 847 found; 61 puts')
    await tab.find('#peer-search').focus()
    await tab.page.keyboard.type('chess')
    await tab.says('.peer-finder .empty', /^\d+ of 60 peers/)
    await tab.page.keyboard.press('ArrowDown')
    const first = await tab.find('.details h3').textContent()
    expect(first).toMatch(/^Peer …/)
    await tab.page.keyboard.press('ArrowDown')
    expect(await tab.find('.details h3').textContent()).not.toBe(first)
    const active = await tab.find('.peer-options').getAttribute('aria-activedescendant')
    expect(await tab.find(`#${active}`).getAttribute('aria-selected')).toBe('true')
    await tab.page.keyboard.press('Escape')
    await tab.says('.details h3', 'No peer chosen')
    const { present, reached, unmarked } = await tabOrder(tab.page)
    expect(reached).toEqual(present)
    expect(unmarked).toEqual([])
  })

  it('says when nothing comes any more, and since when, and when it does again', async () => {
    const network = await LargeNetwork.start({ peers: 3, rooms: 1, links: 2 })
    try {
      const tab = await open('about:blank', '')
      // Its time is the test's, so that nobody waits for it.
      await tab.page.clock.install()
      await tab.page.goto(`${network.url}/#network`)
      await tab.says('#network-freshness', 'Asked every few seconds')
      network.fallSilent()
      await tab.page.clock.runFor(13_000)
      await tab.says('#network-freshness', /^No answer for 1\d s: what you see was so at \d\d:\d\d:\d\d\.$/)
      network.speakAgain()
      await tab.page.clock.runFor(4_000)
      await tab.says('#network-freshness', 'Asked every few seconds')
    } finally {
      await network.stop()
    }
  })
})

describe('a thousand peers with six thousand links', () => {
  it('stand still soon, and are moved and zoomed without a jerk', async () => {
    const tab = await open('about:blank', '')
    const drawn = await countDrawing(tab.page)
    await tab.page.goto(`${large.url}/#network`)
    const began = performance.now()
    await tab.settled()
    const settledMs = performance.now() - began
    const place = await tab.find('canvas.graph').boundingBox()
    const [x, y] = [(place?.x ?? 0) + 300, (place?.y ?? 0) + 250]
    const { mouse } = tab.page
    await mouse.move(x, y)
    const before = await drawn()
    const work = await workDuring(tab.page, async () => {
      for (let turn = 0; turn < 24; turn++) await mouse.wheel(0, turn < 12 ? -80 : 80)
      await mouse.down()
      for (let step = 0; step < 24; step++) await mouse.move(x + step * 6, y + step * 3)
      await mouse.up()
    })
    const rounded = Object.entries(work).map(([name, value]) => `${name} ${value.toFixed(1)}`)
    process.stdout.write(`a thousand peers: settled in ${Math.round(settledMs)} ms, ${rounded.join(', ')}\n`)
    expect(work.frames).toBeGreaterThan(10)
    const after = await drawn()
    const pictures = after.pictures - before.pictures
    const strokes = (after.strokes - before.strokes) / pictures
    process.stdout.write(`${pictures} pictures of ${Math.round(strokes)} strokes in ${work.frames} frames\n`)
    // One for each frame however many events come between two, and many links in each stroke: what is drawn link by link is slow.
    expect(pictures).toBeGreaterThan(10)
    expect(pictures).toBeLessThanOrEqual(work.frames + 2)
    expect(strokes).toBeLessThan(6_000 / 16)
    // Nothing else is done meanwhile on the page's thread: places are found in a worker's.
    expect(work.longestTaskMs).toBeLessThan(8 * work.perFrameMs)
  })
})

/** What it answers about a peer's being listed, to whoever shows the token. */
async function edgeSaysOf(id: string): Promise<unknown> {
  const answer = await fetch(`${edge.url}/network/peer/${id}?network=administered`, {
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  return ((await answer.json()) as { blacklisted?: unknown }).blacklisted
}

describe('administration', () => {
  it('takes the token, lists a peer, shows it with what was done, and takes it off', async () => {
    const outlaw = await peerIn('administered', 'lobby')
    const tab = await open('#admin/administered')
    await tab.givesToken('not-the-token-of-this-deployment-at-all')
    await tab.says('#token-problem', 'The edge does not know this admin token')
    await tab.givesToken(ADMIN_TOKEN)
    await tab.says('#blacklist-said', 'Nobody is on the blacklist of this network.')
    await tab.find('#blacklist-id').fill('nobody')
    await tab.find('#blacklist-id').press('Enter')
    await tab.says('#blacklist-problem', 'That is no peer’s id')
    await tab.find('#blacklist-id').fill(outlaw.id)
    await tab.find('#blacklist-note').fill(MARKUP)
    await tab.find('#blacklist-note').press('Enter')
    await tab.says('#blacklist-said', 'One peer is on it.')
    await tab.says('#blacklist-rows', MARKUP)
    await tab.says('#audit-rows', /Put on the blacklist.*An administrator wants it so/s)
    expect(await tab.find('main img, main script').count()).toBe(0)
    expect(await edgeSaysOf(outlaw.id)).toMatchObject({
      reason: 'admin',
      untilMs: expect.any(Number),
      note: MARKUP,
    })
    const removal = tab.find('#blacklist-rows button')
    await removal.click()
    await tab.says('#blacklist-rows button', 'Really?')
    await removal.click()
    await tab.says('#blacklist-said', 'Nobody is on the blacklist of this network.')
    await tab.says('#audit-rows', 'Taken off the blacklist')
    expect(await edgeSaysOf(outlaw.id)).toBeNull()
  })

  it('lists the peer that is chosen in the graph, and takes it off again, after asking back', async () => {
    const [good, outlaw] = [await peerIn('administered', 'square'), await peerIn('administered', 'square')]
    const tab = await open('#network/administered')
    await tab.says('.peer-finder .empty', /^2 peers/)
    const chooses = async (id: string) => {
      await tab.find('#peer-search').fill(id)
      await tab.find('#peer-search').press('Enter')
    }
    await chooses(outlaw.id)
    await tab.says('.details', 'It is not on the blacklist.')
    // Without the token nobody is offered what nobody may do.
    expect(await tab.find('.peer-listing button').count()).toBe(0)
    await tab.page.goto(`${edge.url}/#admin/administered`)
    await tab.givesToken(ADMIN_TOKEN)
    await tab.says('#token-in-use', 'kept until this page is reloaded')
    await tab.find('nav a[href^="#network"]').click()
    await chooses(good.id)
    await chooses(outlaw.id)
    await tab.says('.details', outlaw.id)
    const button = tab.find('.peer-listing button')
    await button.click()
    await tab.says('.peer-listing button', 'Really?')
    await findNothing(tab, 'a chosen peer')
    expect(await edgeSaysOf(outlaw.id)).toBeNull()
    await button.click()
    await tab.says('.details', 'It is on the blacklist until')
    expect(await edgeSaysOf(outlaw.id)).toMatchObject({ reason: 'admin', untilMs: expect.any(Number) })
    await tab.says('.peer-listing button', 'Take off the blacklist')
    await findNothing(tab, 'a listed peer')
    await button.click()
    await button.click()
    await expect.poll(() => edgeSaysOf(outlaw.id)).toBeFalsy()
    await tab.says('.peer-listing button', 'Put on the blacklist')
    expect(await edgeSaysOf(good.id)).toBeNull()
  })

  it('keeps the token in the tab only when asked to, and never in an address', async () => {
    const tab = await open('#admin')
    const addresses: string[] = []
    tab.page.on('request', (request) => addresses.push(request.url()))
    await tab.givesToken(ADMIN_TOKEN)
    await tab.says('#token-in-use', 'kept until this page is reloaded')
    await tab.page.reload()
    await tab.find('#admin-keep').check()
    await tab.givesToken(ADMIN_TOKEN)
    await tab.says('#token-in-use', 'kept in this tab until it is closed')
    await tab.page.reload()
    await tab.says('#token-in-use', 'kept in this tab until it is closed')
    await tab.page.getByRole('button', { name: 'Forget the token' }).click()
    await tab.page.reload()
    await tab.find('#admin-token').waitFor()
    expect(addresses.filter((address) => address.includes(ADMIN_TOKEN))).toEqual([])
    expect(addresses.some((address) => address.includes('/network/blacklist'))).toBe(true)
  })
})

describe('every page', () => {
  it('has nothing that axe calls serious, in either scheme', async () => {
    const tab = await open('#network', small.url)
    await tab.page.emulateMedia({ reducedMotion: 'reduce' })
    await tab.settled()
    await tab.find('.peer-options li').first().click()
    await tab.find('summary').getByText('The newest figures').click()
    await findNothing(tab, '#network')
    for (const address of ['#admin', '#doctor', '#try/axe']) {
      await tab.page.goto(`${edge.url}/${address}`)
      await tab
        .find(`#page-${address.slice(1).split('/')[0]} h2`)
        .first()
        .waitFor()
      if (address === '#admin') await tab.givesToken(ADMIN_TOKEN)
      await findNothing(tab, address)
    }
  })

  it('fits a phone', async () => {
    const tab = await open('#network', small.url)
    await tab.page.setViewportSize({ width: 360, height: 740 })
    await tab.settled()
    for (const address of ['#network', '#admin', '#doctor', '#try']) {
      // The doctor is to find an edge at which everything works.
      if (address === '#doctor') await tab.page.goto(`${edge.url}/${address}`)
      else await tab.find(`nav a[href^="${address}"]`).click()
      await tab
        .find(`#page-${address.slice(1)} h2`)
        .first()
        .waitFor()
      expect(await tab.page.evaluate(() => document.documentElement.scrollWidth), address).toBe(360)
    }
  })
})

async function findNothing({ page }: WatchingPage, address: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await seriousFindings(page), `${address} ${colorScheme}`).toEqual([])
  }
}

describe('the README’s pictures', () => {
  it('are there, small, shown, and can be taken anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waypost-pictures-'))
    try {
      await takePictures(folder)
      const readme = readFileSync(join(root, 'README.md'), 'utf8')
      for (const name of PICTURES) {
        const [kept, taken] = [join(root, 'docs', 'images'), folder].map((each) =>
          readFileSync(join(each, name)),
        )
        expect(kept?.length, name).toBeLessThan(PICTURE_BYTES_MAX)
        // Where a PNG says how wide and how high it is: another size is another page.
        expect(taken?.subarray(16, 20), name).toEqual(kept?.subarray(16, 20))
        expect(readme).toContain(`docs/images/${name}`)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
