// One picture of the graph on a canvas. Everything of one colour goes into few strokes: a thousand peers with six thousand links
// have to be drawn within a frame.

import { polygonHull } from 'd3-polygon'
import type { Topology, TopologyLink } from '../../edge/shapes.ts'
import { tame } from '../../tame.ts'
import type { Palette } from './palette.ts'

export interface View {
  readonly width: number
  readonly height: number
  readonly x: number
  readonly y: number
  readonly scale: number
}

type Box = [left: number, right: number, top: number, bottom: number]

export interface Scene {
  readonly topology: Topology
  readonly positions: Float32Array
  readonly hulls: readonly Hull[]
  readonly links: readonly LinkGroup[]
  /** For each region its peers, by their places. */
  readonly regions: ReadonlyMap<string, readonly number[]>
  /** For each peer, who it has links with. */
  readonly neighbours: readonly (readonly TopologyLink[])[]
}

/** What stands out: a peer and those it has links with, or all of a region. */
export interface Emphasis {
  readonly peer: number | undefined
  readonly region: string | undefined
}

export interface Hull {
  readonly label: string
  readonly points: readonly (readonly [number, number])[]
  readonly x: number
  readonly top: number
  readonly members: number
}

/** Links that are drawn alike. */
export interface LinkGroup {
  readonly path: TopologyLink['path']
  readonly width: number
  readonly alpha: number
  readonly ends: readonly (readonly [number, number])[]
}

const NODE_RADIUS = 5.5
/** Latencies are read in three kinds: at once, noticed, slow. */
export const FAST_MS = 60
export const SLOW_MS = 180
const HULL_PADDING = 20
const CIRCLE = Array.from({ length: 16 }, (_, at) => {
  const angle = (at * Math.PI) / 8
  return [Math.cos(angle) * HULL_PADDING, Math.sin(angle) * HULL_PADDING] as const
})
/** A path of very many lines costs more than as many lines in several paths. */
const LINES_AT_ONCE = 128
/** Of links, while something else is looked at. */
const FADED = 0.3
const LABELS_MAX = 60
const LABEL_SCALE_MIN = 1.6
const ROOM_LABEL_CHARS = 28
/** Half a letter's width, about. */
const LABEL_CHAR_HALF = 3.4

export function linkGroups(links: readonly TopologyLink[]): LinkGroup[] {
  const kinds = (['relay', 'direct'] as const).flatMap((path) => [
    { path, fits: (ms: number | null) => ms === null || ms > SLOW_MS, width: 0.7, alpha: 0.3 },
    {
      path,
      fits: (ms: number | null) => ms !== null && ms > FAST_MS && ms <= SLOW_MS,
      width: 1,
      alpha: 0.45,
    },
    { path, fits: (ms: number | null) => ms !== null && ms <= FAST_MS, width: 1.6, alpha: 0.65 },
  ])
  return kinds.map(({ path, fits, width, alpha }) => ({
    path,
    width,
    alpha,
    ends: links.flatMap((link) =>
      link.path === path && fits(link.rttMs) ? [[link.a, link.b] as const] : [],
    ),
  }))
}

/** Around the members of each room, where they are now; the largest first. */
export function hullsOf({ peers, rooms }: Topology, positions: Float32Array): Hull[] {
  const members: [number, number][][] = rooms.map(() => [])
  for (const [at, peer] of peers.entries()) {
    const point: [number, number] = [positions[at * 2] ?? 0, positions[at * 2 + 1] ?? 0]
    for (const room of peer.rooms) members[room]?.push(point)
  }
  const hulls = members.flatMap((points, at) => {
    if (points.length === 0) return []
    const xs = points.map(([x]) => x)
    return [
      {
        label: tame(rooms[at]?.name ?? '', ROOM_LABEL_CHARS),
        points: padded(polygonHull(points) ?? points),
        x: xs.reduce((sum, x) => sum + x, 0) / xs.length,
        top: points.reduce((top, [, y]) => Math.min(top, y), Number.POSITIVE_INFINITY),
        members: points.length,
      },
    ]
  })
  return hulls.sort((one, other) => other.members - one.members)
}

/** The outline at some distance around, with round corners: the hull of a small circle around each of its points. */
function padded(hull: [number, number][]): [number, number][] {
  const around = hull.flatMap(([x, y]) => CIRCLE.map(([dx, dy]): [number, number] => [x + dx, y + dy]))
  return polygonHull(around) ?? around
}

export function draw(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  emphasis: Emphasis,
  palette: Palette,
): void {
  context.fillStyle = palette.ground
  context.fillRect(0, 0, view.width, view.height)
  context.save()
  context.translate(view.x, view.y)
  context.scale(view.scale, view.scale)
  const isFaded = emphasis.peer !== undefined || emphasis.region !== undefined
  drawHulls(context, scene.hulls, palette)
  drawLinks(context, scene, view, isFaded ? FADED : 1, palette)
  drawPeers(context, scene, view, emphasis, palette)
  if (emphasis.peer !== undefined) drawEmphasis(context, scene, view, emphasis.peer, palette)
  context.restore()
  drawLabels(context, scene, view, emphasis, palette)
}

function drawHulls(context: CanvasRenderingContext2D, hulls: readonly Hull[], palette: Palette): void {
  context.fillStyle = palette.hull
  context.strokeStyle = palette.hullLine
  context.lineWidth = 1
  for (const { points } of hulls) {
    context.beginPath()
    for (const [x, y] of points) context.lineTo(x, y)
    context.closePath()
    context.fill()
    context.stroke()
  }
}

function drawLinks(
  context: CanvasRenderingContext2D,
  { positions, links }: Scene,
  { x, y, scale, width: viewWidth, height: viewHeight }: View,
  share: number,
  palette: Palette,
): void {
  const [left, right, top, bottom] = [-x, viewWidth - x, -y, viewHeight - y].map(
    (edge) => edge / scale,
  ) as Box
  context.lineCap = 'butt' // Round ends nobody sees would be a third of all the work.
  for (const { path, width, alpha, ends } of links) {
    context.strokeStyle = path === 'direct' ? palette.direct : palette.relay
    context.globalAlpha = alpha * share
    context.lineWidth = width / Math.sqrt(scale)
    // Dashes cost; among thousands of lines nobody would see them either.
    context.setLineDash(path === 'relay' && ends.length < LINES_AT_ONCE ? [5, 4] : [])
    for (let from = 0; from < ends.length; from += LINES_AT_ONCE) {
      context.beginPath()
      for (const [a, b] of ends.slice(from, from + LINES_AT_ONCE)) {
        const [fromX, fromY] = [positions[a * 2] ?? 0, positions[a * 2 + 1] ?? 0]
        const [toX, toY] = [positions[b * 2] ?? 0, positions[b * 2 + 1] ?? 0]
        // What is wholly beside the screen costs as much as what is on it.
        if ((fromX < left && toX < left) || (fromX > right && toX > right)) continue
        if ((fromY < top && toY < top) || (fromY > bottom && toY > bottom)) continue
        context.moveTo(fromX, fromY)
        context.lineTo(toX, toY)
      }
      context.stroke()
    }
  }
  context.setLineDash([])
  context.globalAlpha = 1
}

function drawPeers(
  context: CanvasRenderingContext2D,
  { positions, regions }: Scene,
  { scale }: View,
  emphasis: Emphasis,
  palette: Palette,
): void {
  const radius = radiusAt(scale)
  for (const [region, peers] of regions) {
    const stands = emphasis.region === undefined ? emphasis.peer === undefined : emphasis.region === region
    context.globalAlpha = stands ? 1 : 0.35
    context.fillStyle = palette.region(region)
    context.beginPath()
    for (const peer of peers) {
      const [x, y] = [positions[peer * 2] ?? 0, positions[peer * 2 + 1] ?? 0]
      context.moveTo(x + radius, y)
      context.arc(x, y, radius, 0, 2 * Math.PI)
    }
    context.fill()
  }
  context.globalAlpha = 1
}

function drawEmphasis(
  context: CanvasRenderingContext2D,
  { topology, positions, neighbours }: Scene,
  { scale }: View,
  peer: number,
  palette: Palette,
): void {
  const radius = radiusAt(scale)
  const place = (at: number) => [positions[at * 2] ?? 0, positions[at * 2 + 1] ?? 0] as const
  const dot = (at: number, size: number) => {
    context.fillStyle = palette.region(topology.peers[at]?.region ?? 'unknown')
    context.beginPath()
    context.arc(...place(at), size, 0, 2 * Math.PI)
    context.fill()
  }
  for (const { a, b, path } of neighbours[peer] ?? []) {
    context.strokeStyle = path === 'direct' ? palette.direct : palette.relay
    context.lineWidth = 2.2 / Math.sqrt(scale)
    context.setLineDash(path === 'relay' ? [6 / scale, 4 / scale] : [])
    context.beginPath()
    context.moveTo(...place(a))
    context.lineTo(...place(b))
    context.stroke()
  }
  context.setLineDash([])
  for (const { a, b } of neighbours[peer] ?? []) dot(a === peer ? b : a, radius)
  dot(peer, radius * 1.4)
  context.strokeStyle = palette.ink
  context.lineWidth = 2 / scale
  context.beginPath()
  context.arc(...place(peer), radius * 1.4 + 2.5 / scale, 0, 2 * Math.PI)
  context.stroke()
}

/** Text is as large as all text on the page, however near one looks. */
function drawLabels(
  context: CanvasRenderingContext2D,
  { topology, positions, hulls }: Scene,
  view: View,
  emphasis: Emphasis,
  palette: Palette,
): void {
  context.font = palette.font
  context.textAlign = 'center'
  context.lineJoin = 'round'
  context.lineWidth = 3
  context.strokeStyle = palette.ground
  const write = (text: string, x: number, y: number, color: string) => {
    context.strokeText(text, x, y)
    context.fillStyle = color
    context.fillText(text, x, y)
  }
  const onScreen = (x: number, y: number) => x > -40 && y > -20 && x < view.width + 40 && y < view.height + 20
  const written: (readonly [x: number, y: number, halfWidth: number])[] = []
  for (const { label, x, top } of hulls) {
    const [middle, high] = [x * view.scale + view.x, (top - HULL_PADDING) * view.scale + view.y - 6]
    if (label === '' || !onScreen(middle, high) || written.length > LABELS_MAX) continue
    const half = label.length * LABEL_CHAR_HALF
    const covered = written.some(
      ([otherX, otherY, otherHalf]) =>
        Math.abs(otherX - middle) < half + otherHalf && Math.abs(otherY - high) < 15,
    )
    if (covered) continue // Nearer, there is room for it.
    written.push([middle, high, half])
    write(label, middle, high, palette.muted)
  }
  const named = (at: number) => {
    const [x, y] = [
      (positions[at * 2] ?? 0) * view.scale + view.x,
      (positions[at * 2 + 1] ?? 0) * view.scale + view.y,
    ]
    if (!onScreen(x, y)) return false
    write(
      shortLabel(topology.peers[at]?.id ?? ''),
      x,
      y + radiusAt(view.scale) * view.scale + 14,
      palette.ink,
    )
    return true
  }
  if (view.scale >= LABEL_SCALE_MIN)
    for (let at = 0, drawn = 0; at < topology.peers.length && drawn < LABELS_MAX; at++)
      if (at !== emphasis.peer && named(at)) drawn++
  if (emphasis.peer !== undefined) named(emphasis.peer)
}

const shortLabel = (id: string) => `…${id.slice(-6)}`

/** In the graph's own measure: a peer stays a dot that can be hit, from far and from near. */
export function radiusAt(scale: number): number {
  return NODE_RADIUS * Math.min(1.8, Math.max(0.7, scale ** -0.45))
}
