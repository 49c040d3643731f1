// Where each peer is drawn, found by forces beside the page's own thread: peers push each other away, a link pulls two together,
// and a room pulls all who are in it.

import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force'
import type { GraphNews, GraphTask } from './messages.ts'

interface Body extends SimulationNodeDatum {
  readonly key: string
  /** A room is a body too, which nobody sees: what pulls its members. */
  readonly isRoom: boolean
}

type Pull = SimulationLinkDatum<Body> & { readonly ofRoom: boolean }

const LINK_LENGTH = 46
const ROOM_RADIUS = 30
/** What is shown of a movement: more than a screen does is wasted. */
const SHOW_EVERY_MS = 16
/** Forces of what was there already are only warmed up again. */
const WARM = 0.35
const COLD = 0.012

let task = 0
let peers: Body[] = []
let known = new Map<string, Body>()
let simulation: Simulation<Body, Pull> | undefined
let running: ReturnType<typeof setTimeout> | undefined

self.addEventListener('message', ({ data }: MessageEvent<GraphTask>) => begin(data))

function begin(graph: GraphTask): void {
  task++
  clearTimeout(running)
  const isNew = known.size === 0
  const rooms = graph.roomIds.map((id) => bodyOf(`room ${id}`, true))
  peers = graph.ids.map((id) => bodyOf(`peer ${id}`, false))
  placeNewcomers(graph, rooms)
  const bodies = [...peers, ...rooms]
  known = new Map(bodies.map((body) => [body.key, body]))
  simulation = forcesOn(bodies, pullsOf(graph, rooms))
  if (!isNew) simulation.alpha(WARM)
  if (graph.still) return settleAtOnce(simulation)
  step(simulation)
}

function bodyOf(key: string, isRoom: boolean): Body {
  return known.get(key) ?? { key, isRoom }
}

/** Whoever joins a room that is drawn already appears beside it, and not out of nowhere. */
function placeNewcomers(graph: GraphTask, rooms: readonly Body[]): void {
  for (const [at, peer] of peers.entries()) {
    const [first] = graph.rooms[at] ?? []
    const room = first === undefined ? undefined : rooms[first]
    if (peer.x !== undefined || room?.x === undefined || room.y === undefined) continue
    const angle = at * 2.4 // The golden angle: no two beside each other.
    peer.x = room.x + Math.cos(angle) * LINK_LENGTH
    peer.y = room.y + Math.sin(angle) * LINK_LENGTH
  }
}

function pullsOf(graph: GraphTask, rooms: readonly Body[]): Pull[] {
  const pulls: Pull[] = []
  for (let at = 0; at + 1 < graph.links.length; at += 2) {
    const [source, target] = [peers[graph.links[at] ?? 0], peers[graph.links[at + 1] ?? 0]]
    if (source !== undefined && target !== undefined) pulls.push({ source, target, ofRoom: false })
  }
  for (const [at, within] of graph.rooms.entries()) {
    for (const room of within) {
      const [source, target] = [peers[at], rooms[room]]
      if (source !== undefined && target !== undefined) pulls.push({ source, target, ofRoom: true })
    }
  }
  return pulls
}

function forcesOn(bodies: Body[], pulls: Pull[]): Simulation<Body, Pull> {
  const link = forceLink<Body, Pull>(pulls).distance(({ ofRoom }) => (ofRoom ? ROOM_RADIUS : LINK_LENGTH))
  const byCount = link.strength()
  link.strength((pull, at, all) => (pull.ofRoom ? 0.25 : 0.35 * byCount(pull, at, all)))
  return forceSimulation(bodies)
    .force('link', link)
    .force(
      'push',
      forceManyBody<Body>()
        .strength(({ isRoom }) => (isRoom ? -420 : -34))
        .distanceMax(700)
        .theta(1),
    )
    .force('apart', forceCollide<Body>(({ isRoom }) => (isRoom ? 2 : 8)).iterations(1))
    .force('x', forceX<Body>(0).strength(0.022))
    .force('y', forceY<Body>(0).strength(0.06)) // Screens are wider than they are high.
    .alphaMin(COLD)
    .alphaDecay(0.03)
    .stop()
}

function settleAtOnce(forces: Simulation<Body, Pull>): void {
  while (forces.alpha() >= COLD) forces.tick()
  tell(true)
}

function step(forces: Simulation<Body, Pull>): void {
  if (forces !== simulation) return
  const began = performance.now()
  do forces.tick()
  while (forces.alpha() >= COLD && performance.now() - began < SHOW_EVERY_MS / 2)
  const settled = forces.alpha() < COLD
  tell(settled)
  if (!settled) {
    running = setTimeout(() => step(forces), Math.max(0, SHOW_EVERY_MS - (performance.now() - began)))
  }
}

function tell(settled: boolean): void {
  const positions = new Float32Array(peers.length * 2)
  for (const [at, { x = 0, y = 0 }] of peers.entries()) {
    positions[at * 2] = x
    positions[at * 2 + 1] = y
  }
  const news: GraphNews = { task, positions, settled }
  // The page's own `postMessage` wants an origin; a worker's does not.
  self.postMessage(news, { transfer: [positions.buffer] })
}
