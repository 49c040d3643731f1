// People who send each other mail, each a process with a kept identity, while one after another of them is killed, and the
// edge as well. `npm test` does it a few times (mail.test.ts); `npm run test:kills -- --people --kills 100` as often as one likes.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { identities } from '../../client/index.ts'
import { root } from '../../scripts/paths.ts'
import { FlakyProxy } from '../support/flaky-proxy.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { CROWDED, sleep } from '../support/mail-traffic/way.ts'
import { seeded } from '../support/seeded.ts'
import type { PersonSays } from './mail-person.ts'
import { MailRecord } from './mail-record.ts'

export interface PeopleTerms {
  /** kill -9 of somebody, at random moments. */
  readonly kills: number
  /** And of the edge, with this probability each time: half of the time together with somebody, else alone. */
  readonly edgeShare: number
  /** Every connection broken, in the middle of what is being carried, before a kill with this probability. */
  readonly cutShare: number
  readonly seed: number
  readonly print?: (line: string) => void
}

const NAMES = ['alice', 'bob', 'carol']
const CALM_EVENTS = 40
const CALM_MS = 2_000
const CALM_MS_MAX = 15_000
const OPEN_MS_MAX = 60_000
const REST_MS_MAX = 60_000

class Person {
  readonly id: string
  readonly #name: string
  readonly #record: MailRecord
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #life = -1
  events = 0
  isOpen = false
  status = { outbox: 0, inbox: 0 }

  constructor(name: string, id: string, record: MailRecord) {
    this.#name = name
    this.id = id
    this.#record = record
  }

  /** A life of its own; it counts to these. */
  up(url: string, directory: string, peers: readonly Person[]): void {
    const numbers = Object.fromEntries(peers.map(({ id }) => [id, this.#record.next(this.id, id)]))
    const path = join(root, 'test', 'faults', 'mail-person.ts')
    const args = ['--disable-warning=ExperimentalWarning', path, url, directory, this.#name]
    const child = spawn(process.execPath, [...args, JSON.stringify(numbers)], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const life = ++this.#life
    this.isOpen = false
    this.#child = child
    const lines = createInterface({ input: child.stdout })
    this.#ended = Promise.all([
      new Promise((resolve) => lines.once('close', resolve)),
      new Promise((resolve) => child.once('exit', resolve)),
    ])
    lines.on('line', (line) => this.#said(life, line))
  }

  /** Sends no more. */
  rest(): void {
    this.status = { outbox: -1, inbox: -1 }
    this.#child?.stdin?.write('rest\n')
  }

  /** Resolves when all it ever said was heard. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    this.#record.killed(this.id)
    await this.#ended
  }

  #said(life: number, line: string): void {
    // The last line may be half a line.
    if (!line.endsWith('}')) return
    const said = JSON.parse(line) as PersonSays
    if (said.kind === 'status') this.status = said
    else {
      this.events++
      if (said.kind === 'open') this.isOpen = true
      this.#record.note(this.id, life, said)
    }
  }
}

async function until(isSo: () => boolean, mostMs: number): Promise<void> {
  const endMs = performance.now() + mostMs
  while (!isSo() && performance.now() < endMs) await sleep(20)
}

export async function killPeople({ kills, edgeShare, cutShare, seed, print }: PeopleTerms) {
  const random = seeded(seed)
  const directory = mkdtempSync(join(tmpdir(), 'waypost-people-'))
  const edge = await LocalEdge.start({ vars: CROWDED })
  const proxy = await FlakyProxy.before(edge.port)
  const record = new MailRecord()
  const people: Person[] = []
  try {
    const kept = identities.at(directory)
    for (const name of NAMES) {
      await kept.create(name)
      people.push(new Person(name, await kept.id(name), record))
    }
    const up = (person: Person, counting = true) =>
      person.up(proxy.url, directory, counting ? people.filter((each) => each !== person) : [])
    for (const person of people) up(person, false)
    await until(() => people.every(({ isOpen }) => isOpen), OPEN_MS_MAX)
    for (const person of people) {
      await person.kill()
      up(person)
    }
    let [edgeKills, cuts] = [0, 0]
    const calm = async () => {
      const [byTime, target] = [random() < 0.3, events() + 1 + random() * CALM_EVENTS]
      if (byTime) await sleep(random() * CALM_MS)
      else await until(() => events() >= target, CALM_MS_MAX)
    }
    const events = () => people.reduce((sum, person) => sum + person.events, 0)
    for (let kill = 1; kill <= kills; kill++) {
      await calm()
      if (random() < cutShare) {
        cuts++
        proxy.cutMidway()
        await calm()
      }
      const person = people[Math.floor(random() * people.length)] as Person
      const edgeToo = random() < edgeShare
      const alone = edgeToo && random() < 0.5
      await Promise.all([alone ? undefined : person.kill(), edgeToo ? edge.kill() : undefined])
      if (edgeToo) edgeKills++
      if (edgeToo) await edge.up()
      if (alone) {
        await calm()
        await person.kill()
      }
      up(person)
      if (kill % 10 === 0)
        print?.(`${kill} kills: ${JSON.stringify(record.counts)}, ${record.faults.length} faults`)
    }
    for (const person of people) person.rest()
    const isDone = () =>
      record.isAllHeard && people.every(({ status }) => status.outbox === 0 && status.inbox === 0)
    await until(isDone, REST_MS_MAX)
    record.close()
    return { faults: record.faults, counts: { kills, edgeKills, cuts, ...record.counts } }
  } finally {
    await Promise.all(people.map((person) => person.kill()))
    await proxy.close()
    await edge.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
