// Clients that know two edges, talking to each other over links and by mail, while the first edge is killed under all of them and
// comes back. `npm test` does it once with 200 (edges.test.ts); `npm run test:kills -- --edges --clients 400 --kills 5` as often as one likes.

import { connect, type Room, type Waypost } from '../../client/index.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { CROWDED, sleep } from '../support/mail-traffic/way.ts'

export interface EdgeTerms {
  readonly clients: number
  /** Of the first edge, one after another. */
  readonly kills: number
  readonly print?: (line: string) => void
}

const PER_ROOM = 8
const AT_ONCE = 8
/** Between two messages of a client to its neighbour, and two letters to somebody it shares no room with: what one process can do. */
const messageMs = (clients: number) => Math.max(400, clients * 20)
const letterMs = (clients: number) => Math.max(1_500, clients * 100)
const OPEN_MS_MAX = 300_000
const BACK_MS_MAX = 60_000
const RETURN_MS_MAX = 150_000
const REST_MS_MAX = 90_000

interface Person {
  readonly waypost: Waypost
  readonly room: Room
  /** What came, by who sent it and its number: how often. */
  readonly heard: Map<string, number>
  /** After a kill: when the first message was acknowledged. */
  talksAtMs: number
}

interface Sent {
  readonly to: Person
  readonly name: string
}

export async function killEdges({ clients, kills, print = () => {} }: EdgeTerms) {
  const first = await LocalEdge.start({ vars: CROWDED })
  // Edges have nothing in common, their secrets least of all.
  const PASS_SECRET = toBase64url(crypto.getRandomValues(new Uint8Array(32)))
  const second = await LocalEdge.start({ vars: { ...CROWDED, PASS_SECRET } })
  const faults: string[] = []
  const people = await arrive([first.url, second.url], clients)
  print(`${clients} clients are in ${Math.ceil(clients / PER_ROOM)} rooms, and talk`)
  const talk = new Talk(people)
  await sleep(4_000)
  const backMs: number[] = []
  const returnMs: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    const killedMs = performance.now()
    talk.sinceMs = Number.POSITIVE_INFINITY
    await first.kill()
    for (const person of people) person.talksAtMs = 0
    talk.sinceMs = performance.now()
    const isBack = ({ waypost, room, talksAtMs }: Person) =>
      talksAtMs > 0 && room.state === 'joined' && waypost.status().edge === `${second.url}/`
    if (!(await until(() => people.every(isBack), BACK_MS_MAX)))
      faults.push(`${people.filter((person) => !isBack(person)).length} clients were not back in time`)
    backMs.push(...people.map(({ talksAtMs }) => talksAtMs - killedMs))
    await sleep(3_000)
    await first.up()
    const upMs = performance.now()
    const hasReturned = ({ waypost, room }: Person) =>
      room.state === 'joined' && waypost.status().edge === `${first.url}/`
    if (!(await until(() => people.every(hasReturned), RETURN_MS_MAX)))
      faults.push(`${people.filter((person) => !hasReturned(person)).length} clients did not return in time`)
    returnMs.push(performance.now() - upMs)
    print(`killed ${kill + 1} times; back within ${Math.round(Math.max(...backMs))} ms`)
    await sleep(2_000)
  }
  await talk.end()
  const { lost, twice } = await talk.judge()
  if (lost.length > 0) faults.push(`${lost.length} acknowledged messages were lost, as ${lost[0]}`)
  if (twice.length > 0) faults.push(`${twice.length} messages were heard twice, as ${twice[0]}`)
  await Promise.all(people.map(({ waypost }) => waypost.close()))
  await first.stop()
  await second.stop()
  backMs.sort((one, other) => one - other)
  const at = (share: number) =>
    Math.round(backMs[Math.min(backMs.length - 1, Math.floor(backMs.length * share))] ?? 0)
  const counts = {
    clients,
    kills,
    'acknowledged by link': talk.byLink,
    'acknowledged by mailbox': talk.byMailbox,
    'not acknowledged': talk.failed,
    'talking again, median ms': at(0.5),
    'talking again, p99 ms': at(0.99),
    'talking again, last ms': at(1),
    'all returned, ms': Math.round(Math.max(...returnMs)),
  }
  return { faults, counts }
}

class Talk {
  byLink = 0
  byMailbox = 0
  failed = 0
  /** Only what is sent after it says that somebody is back. */
  sinceMs = 0
  readonly #people: readonly Person[]
  readonly #sent: Sent[] = []
  readonly #going: Promise<void>[]
  #over = false

  constructor(people: readonly Person[]) {
    this.#people = people
    this.#going = people.flatMap((person, i) => {
      const room = i - (i % PER_ROOM)
      const size = Math.min(PER_ROOM, people.length - room)
      const neighbour = people[room + ((i - room + 1) % size)] as Person
      const stranger = people[(i + PER_ROOM) % people.length] as Person
      return [
        this.#speak(person, neighbour, 'm', messageMs(people.length)),
        this.#speak(person, stranger, 'l', letterMs(people.length)),
      ]
    })
  }

  async #speak(from: Person, to: Person, kind: string, pauseMs: number): Promise<void> {
    await sleep(Math.random() * pauseMs)
    const under: Promise<void>[] = []
    for (let n = 0; !this.#over; n++) {
      under.push(this.#say(from, to, `${kind}${n}`))
      await sleep(pauseMs)
    }
    await Promise.all(under)
  }

  async #say(from: Person, to: Person, what: string): Promise<void> {
    const beganMs = performance.now()
    try {
      const { via } = await from.waypost.send(to.waypost.id, what)
      this.#sent.push({ to, name: `${from.waypost.id} ${what}` })
      if (via === 'mailbox') this.byMailbox++
      else this.byLink++
      if (via !== 'mailbox' && beganMs > this.sinceMs) from.talksAtMs ||= performance.now()
    } catch {
      this.failed++
    }
  }

  async end(): Promise<void> {
    this.#over = true
    await Promise.race([Promise.all(this.#going), sleep(REST_MS_MAX)])
  }

  /** What was acknowledged by a mailbox may be on its way still. */
  async judge(): Promise<{ lost: string[]; twice: string[] }> {
    const isLost = ({ to, name }: Sent) => !to.heard.has(name)
    await until(() => !this.#sent.some(isLost), REST_MS_MAX)
    const twice = this.#people.flatMap(({ heard }) =>
      [...heard].flatMap(([name, n]) => (n > 1 ? [name] : [])),
    )
    return { lost: this.#sent.filter(isLost).map(({ name }) => name), twice }
  }
}

async function arrive(edges: readonly string[], clients: number): Promise<Person[]> {
  const people: Person[] = []
  for (let from = 0; from < clients; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, clients - from) }, async (_, i) => {
      const waypost = await connect(edges, { mail: true, timeoutMs: 300_000 })
      const heard = new Map<string, number>()
      waypost.on('message', ({ from, data }) => {
        const name = `${from} ${data}`
        heard.set(name, (heard.get(name) ?? 0) + 1)
      })
      const name = `room ${Math.floor((from + i) / PER_ROOM)}`
      const room = await waypost.join(name, { timeoutMs: 300_000 })
      return { waypost, room, heard, talksAtMs: 0 }
    })
    people.push(...(await Promise.all(some)))
  }
  const isOpen = ({ waypost }: Person) =>
    waypost.status().mail?.state === 'open' &&
    waypost.status().edges?.every(({ state }) => state === 'healthy')
  if (!(await until(() => people.every(isOpen), OPEN_MS_MAX))) throw new Error('not all mailboxes are open')
  return people
}

async function until(done: () => boolean | undefined, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs
  while (!done()) {
    if (performance.now() > endMs) return false
    await sleep(50)
  }
  return true
}
