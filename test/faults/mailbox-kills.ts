// Letters under way while the edge is killed, again and again, and between the kills what is on disk held against what was
// said. `npm test` does it a dozen times (mailbox.test.ts); `npm run test:kills -- --kills 200` as often as one likes.

import { FlakyProxy } from '../support/flaky-proxy.ts'
import { LocalEdge } from '../support/local-edge.ts'
import type { Ledger } from '../support/mail-traffic/ledger.ts'
import { Traffic } from '../support/mail-traffic/traffic.ts'
import { CROWDED, overNetwork, sleep } from '../support/mail-traffic/way.ts'
import { readMailboxFiles } from '../support/mailbox-files.ts'
import { seeded } from '../support/seeded.ts'

export interface KillTerms {
  /** kill -9 of the edge, at random moments. */
  readonly kills: number
  /** Every connection broken, in the middle of what is being carried; between two kills, so many times. */
  readonly cutsPerKill: number
  readonly seed: number
  readonly print?: (line: string) => void
}

export interface KillReport {
  readonly faults: readonly string[]
  readonly counts: Readonly<Ledger['counts'] & Record<'kills' | 'cuts' | 'lettersOnDisk', number>>
}

const SENDERS = 20
const OWNERS = 5
const PAUSE_MS = 80
/** Between two faults passes so much time at most, or so many letters are answered. */
const CALM_MS = 500
const CALM_LETTERS = 60
const CALM_LETTERS_MS_MAX = 5_000
/** Before so many kills nobody writes for a while: mailboxes are empty then, or nearly, and seqs begin again. */
const LULLS = 1 / 3
const LULL_MS = 600
/** The figures of a network that rests are there when its registries have asked, at most twice. */
const FIGURES_MS_MAX = 20_000
/** One kill in so many comes while the edge is starting. */
const KILLS_AT_START = 8

export async function killAgainAndAgain({ kills, cutsPerKill, seed, print }: KillTerms): Promise<KillReport> {
  const random = seeded(seed)
  const edge = await LocalEdge.start({ vars: CROWDED })
  const proxy = await FlakyProxy.before(edge.port)
  try {
    const way = overNetwork(cutsPerKill > 0 ? proxy.url : edge.url)
    const traffic = await Traffic.begin({ way, senders: SENDERS, owners: OWNERS, seed, pauseMs: PAUSE_MS })
    const { ledger } = traffic
    let [lettersOnDisk, cuts] = [0, 0]
    const look = () => {
      const { letters, faults } = readMailboxFiles(edge.objects)
      ledger.faults.push(...faults)
      ledger.compare(letters)
      lettersOnDisk += letters.size
      return letters
    }
    for (let kill = 1; kill <= kills; kill++) {
      for (let cut = 0; cut < cutsPerKill; cut++, cuts++) {
        await calm(ledger, random)
        proxy.cutMidway()
      }
      await calm(ledger, random)
      if (random() < LULLS) {
        traffic.pause(true)
        await sleep(random() * LULL_MS)
      }
      ledger.life++
      await edge.kill()
      look()
      traffic.pause(false)
      if (random() < 1 / KILLS_AT_START) {
        edge.spawn()
        await sleep(random() * 200)
        ledger.life++
        await edge.kill()
      }
      await edge.up()
      if (kill % 20 === 0)
        print?.(`${kill} kills: ${JSON.stringify(ledger.counts)}, ${ledger.faults.length} faults`)
    }
    await traffic.rest()
    const figures = await figuresOf(edge.url)
    ledger.life++
    await edge.kill()
    const left = look()
    for (const fault of faultsOf(figures, ledger, left.size)) ledger.fault(fault)
    // A put whose connection broke may be stored when its letter, put again, has long been taken: the ledger knows which may.
    for (const id of left.keys())
      if (ledger.letters.get(id)?.taken !== true) ledger.fault(`${id} is on disk when all were taken`)
    return { faults: ledger.faults, counts: { kills, cuts, ...ledger.counts, lettersOnDisk } }
  } finally {
    await proxy.close()
    await edge.stop()
  }
}

interface Figures {
  readonly mailboxes: number
  readonly behind: number
  readonly total: Readonly<Record<'depth' | 'accepted' | 'acknowledged' | 'expired', number>>
}

/** As soon as no mailbox has news that is still under way. */
async function figuresOf(url: string): Promise<Figures> {
  const untilMs = performance.now() + FIGURES_MS_MAX
  for (;;) {
    const answer = await fetch(`${url}/network/queue/stats`)
    const figures = (await answer.json()) as Figures
    if (figures.behind === 0 || performance.now() > untilMs) return figures
    await sleep(1_000)
  }
}

/** Whatever was killed, what is counted is what happened. One that was put again after it was gone counts twice. */
function faultsOf(
  { mailboxes, behind, total }: Figures,
  { letters, counts }: Ledger,
  left: number,
): readonly string[] {
  const wrong = [
    mailboxes !== OWNERS && `${mailboxes} mailboxes are counted`,
    behind !== 0 && `${behind} mailboxes did not say what they counted`,
    total.depth !== left && `${total.depth} letters are counted as waiting, and ${left} are on disk`,
    total.accepted !== total.acknowledged + total.expired + left && 'not all that came went, or waits',
    total.accepted < letters.size && `${total.accepted} letters are counted of ${letters.size}`,
    total.accepted > counts.attempts && `${total.accepted} letters are counted of ${counts.attempts} puts`,
  ]
  return wrong.filter((each) => each !== false)
}

/** A random moment: mostly by what was achieved, as a machine that is slow shall be killed at work, too. */
async function calm({ counts }: Ledger, random: () => number): Promise<void> {
  const [byTime, untilMs] = [random() < 0.3, performance.now() + CALM_LETTERS_MS_MAX]
  const until = counts.answered + random() * CALM_LETTERS
  if (byTime) await sleep(random() * CALM_MS)
  else while (counts.answered < until && performance.now() < untilMs) await sleep(5)
}
