// The graph on the page: a canvas that is drawn when something changed, moved and zoomed by mouse, fingers and keys. Who is where
// is found by a worker, so that the page stays quick with a thousand peers.

import { select } from 'd3-selection'
import { type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom'
import { make } from '../../dom.ts'
import type { Topology, TopologyLink } from '../../edge/shapes.ts'
import { draw, type Emphasis, hullsOf, linkGroups, radiusAt, type Scene } from './drawing.ts'
import type { GraphNews, GraphTask } from './messages.ts'
import { type Palette, paletteOf } from './palette.ts'

export interface GraphListener {
  /** The pointer is over this peer, or over none any more. */
  pointed(peer: string | undefined): void
  chosen(peer: string | undefined): void
}

const SCALE_MIN = 0.05
const SCALE_MAX = 8
const FIT_MARGIN = 44
const FIT_SCALE_MAX = 1.6
const HIT_PIXELS = 12
const KEY_STEP = 60
const KEY_ZOOM = 1.3

export class GraphView {
  readonly canvas = make('canvas', { class: 'graph', tabindex: '0', role: 'img' })
  readonly #listener: GraphListener
  readonly #context: CanvasRenderingContext2D
  readonly #worker = new Worker(new URL('./layout-worker.js', import.meta.url), { type: 'module' })
  readonly #zoom: ZoomBehavior<HTMLCanvasElement, unknown>
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')
  #transform: ZoomTransform = zoomIdentity
  #palette: Palette | undefined
  #scene: Scene | undefined
  #topology: Topology | undefined
  #chosen: string | undefined
  #pointed: string | undefined
  #region: string | undefined
  #tasks = 0
  #frame: number | undefined
  #hullsAtMs = 0
  /** The visitor has not yet looked anywhere in particular: all of it is shown. */
  #isFitted = true

  constructor(listener: GraphListener) {
    this.#listener = listener
    const context = this.canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('this browser draws no canvas')
    this.#context = context
    this.#zoom = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([SCALE_MIN, SCALE_MAX])
      .filter(isOurs)
      .on('zoom', ({ transform, sourceEvent }: { transform: ZoomTransform; sourceEvent: unknown }) => {
        this.#transform = transform
        if (sourceEvent) this.#isFitted = false
        this.#drawSoon()
      })
    select(this.canvas).call(this.#zoom)
    this.#worker.addEventListener('message', ({ data }: MessageEvent<GraphNews>) => this.#moved(data))
    this.canvas.addEventListener('pointermove', (event) => this.#point(this.#at(event)))
    this.canvas.addEventListener('pointerleave', () => this.#point(undefined))
    this.canvas.addEventListener('click', (event) => listener.chosen(this.#at(event)))
    this.canvas.addEventListener('keydown', (event) => this.#key(event))
    new ResizeObserver(() => this.#resize()).observe(this.canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#palette = undefined
      this.#drawSoon()
    })
  }

  show(topology: Topology): void {
    const isSame = this.#topology !== undefined && shapeOf(this.#topology) === shapeOf(topology)
    const before = this.#scene
    this.#topology = topology
    if (isSame && before !== undefined) {
      this.#scene = { ...sceneOf(topology, before.positions), hulls: before.hulls }
      return this.#drawSoon()
    }
    this.#tasks++
    const { peers, rooms, links } = topology
    const task: GraphTask = {
      ids: peers.map(({ id }) => id),
      rooms: peers.map((peer) => peer.rooms),
      roomIds: rooms.map(({ id }) => id),
      links: Uint32Array.from(links.flatMap(({ a, b }) => [a, b])),
      still: this.#calm.matches,
    }
    this.#worker.postMessage(task)
  }

  /** It is shown no more. */
  end(): void {
    this.#worker.terminate()
  }

  choose(peer: string | undefined): void {
    this.#chosen = peer
    this.#drawSoon()
  }

  pointTo(peer: string | undefined): void {
    this.#pointed = peer
    this.#drawSoon()
  }

  emphasizeRegion(region: string | undefined): void {
    this.#region = region
    this.#drawSoon()
  }

  zoomBy(factor: number): void {
    this.#isFitted = false
    this.#zoom.scaleBy(select(this.canvas), factor)
  }

  /** All of it, in the middle. */
  fit(): void {
    this.#isFitted = true
    const { positions } = this.#scene ?? {}
    if (positions === undefined || positions.length === 0) return
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity]
    for (let at = 0; at < positions.length; at += 2) {
      const [x, y] = [positions[at] ?? 0, positions[at + 1] ?? 0]
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
    const { clientWidth, clientHeight } = this.canvas
    const fits = Math.min(
      (clientWidth - 2 * FIT_MARGIN) / Math.max(1, right - left),
      (clientHeight - 2 * FIT_MARGIN) / Math.max(1, bottom - top),
    )
    const scale = Math.min(FIT_SCALE_MAX, Math.max(SCALE_MIN, fits))
    const transform = zoomIdentity
      .translate(clientWidth / 2, clientHeight / 2)
      .scale(scale)
      .translate(-(left + right) / 2, -(top + bottom) / 2)
    select(this.canvas).call(this.#zoom.transform, transform)
  }

  #moved({ task, positions, settled }: GraphNews): void {
    const topology = this.#topology
    if (task !== this.#tasks || topology === undefined) return
    const before = this.#scene
    const isNew = before?.topology !== topology
    const nowMs = performance.now()
    // While everything moves, rooms may follow a moment later.
    const redoHulls = isNew || settled || nowMs - this.#hullsAtMs > 100
    if (redoHulls) this.#hullsAtMs = nowMs
    const hulls = redoHulls ? hullsOf(topology, positions) : before.hulls
    this.#scene = isNew ? { ...sceneOf(topology, positions), hulls } : { ...before, positions, hulls }
    this.canvas.dataset.settled = String(settled)
    if (this.#isFitted) this.fit()
    this.#drawSoon()
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.canvas
    const dots = Math.min(2, devicePixelRatio)
    this.canvas.width = Math.round(clientWidth * dots)
    this.canvas.height = Math.round(clientHeight * dots)
    if (this.#isFitted) this.fit()
    // At once, or what was drawn would be gone for a frame.
    this.#draw()
  }

  #drawSoon(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined
      this.#draw()
    })
  }

  #draw(): void {
    const { width: dots, clientWidth: width, clientHeight: height } = this.canvas
    if (this.#scene === undefined || width === 0) return
    this.#palette ??= paletteOf(this.canvas)
    const { x, y, k: scale } = this.#transform
    this.#context.setTransform(dots / width, 0, 0, dots / width, 0, 0)
    draw(this.#context, this.#scene, { width, height, x, y, scale }, this.#emphasis(), this.#palette)
  }

  #emphasis(): Emphasis {
    const named = this.#pointed ?? this.#chosen
    const peer =
      named === undefined ? -1 : (this.#scene?.topology.peers.findIndex(({ id }) => id === named) ?? -1)
    return { peer: peer < 0 ? undefined : peer, region: this.#region }
  }

  #at(event: MouseEvent): string | undefined {
    if (this.#scene === undefined) return undefined
    const { topology, positions } = this.#scene
    const [x, y] = this.#transform.invert([event.offsetX, event.offsetY])
    let nearest: string | undefined
    let within = Math.max(HIT_PIXELS / this.#transform.k, radiusAt(this.#transform.k)) ** 2
    for (const [at, { id }] of topology.peers.entries()) {
      const distance = ((positions[at * 2] ?? 0) - x) ** 2 + ((positions[at * 2 + 1] ?? 0) - y) ** 2
      if (distance > within) continue
      within = distance
      nearest = id
    }
    return nearest
  }

  #point(peer: string | undefined): void {
    if (peer === this.#pointed) return
    this.canvas.style.cursor = peer === undefined ? '' : 'pointer'
    this.pointTo(peer)
    this.#listener.pointed(peer)
  }

  #key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#pan(KEY_STEP, 0),
      ArrowRight: () => this.#pan(-KEY_STEP, 0),
      ArrowUp: () => this.#pan(0, KEY_STEP),
      ArrowDown: () => this.#pan(0, -KEY_STEP),
      '+': () => this.zoomBy(KEY_ZOOM),
      '=': () => this.zoomBy(KEY_ZOOM),
      '-': () => this.zoomBy(1 / KEY_ZOOM),
      '0': () => this.fit(),
      Escape: () => this.#listener.chosen(undefined),
    }
    const step = steps[event.key]
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    step()
  }

  #pan(x: number, y: number): void {
    this.#isFitted = false
    const { k: scale } = this.#transform
    this.#zoom.translateBy(select(this.canvas), x / scale, y / scale)
  }
}

/** A double click chooses; one finger scrolls the page, and two move the graph. */
function isOurs(event: MouseEvent | TouchEvent): boolean {
  if ('touches' in event) return event.touches.length > 1
  return event.type !== 'dblclick' && event.button === 0
}

function sceneOf(topology: Topology, positions: Float32Array): Scene {
  const regions = new Map<string, number[]>()
  const neighbours: TopologyLink[][] = topology.peers.map(() => [])
  for (const [at, { region }] of topology.peers.entries()) {
    const some = regions.get(region)
    if (some === undefined) regions.set(region, [at])
    else some.push(at)
  }
  for (const link of topology.links) {
    neighbours[link.a]?.push(link)
    neighbours[link.b]?.push(link)
  }
  return { topology, positions, hulls: [], links: linkGroups(topology.links), regions, neighbours }
}

/** What the layout depends on: latencies change all the time, and move nothing. */
function shapeOf({ peers, rooms, links }: Topology): string {
  const who = peers.map(({ id, rooms }) => `${id} ${rooms.join(' ')}`)
  const pairs = links.map(({ a, b }) => `${a} ${b}`)
  return [who.join(','), rooms.map(({ id }) => id).join(','), pairs.join(',')].join('|')
}
