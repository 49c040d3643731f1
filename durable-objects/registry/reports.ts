// What rooms tell a registry, and what it says of that to the Worker. Rooms tell it again every period, so it is in memory only; the
// history is on disk too, a row that is written over now and then, since nobody would tell that again.

import { HISTORY_KEPT_EVERY_MS, REGISTRY_VIEW_MS } from '../../protocol/limits/network.ts'
import { Gathered, type PeerInRoom, type RegistryView } from '../../protocol/network/gathered.ts'
import { type HistoryPoint, stepMs } from '../../protocol/network/history.ts'
import type { RoomSummary } from '../../protocol/network/summary.ts'
import type { TopologyPart } from '../../protocol/network/topology.ts'

const TABLE =
  'CREATE TABLE IF NOT EXISTS history (step_ms INTEGER PRIMARY KEY NOT NULL, points TEXT NOT NULL)'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'history'"
const READ = 'SELECT points FROM history WHERE step_ms = ?'
const WRITE =
  'INSERT INTO history (step_ms, points) VALUES (?, ?) ON CONFLICT DO UPDATE SET points = excluded.points'

export class Reports {
  readonly #sql: SqlStorage
  readonly #everyMs: number
  /** Made when it is first wanted: most that wakes a registry is about mailboxes. */
  #gathered: Gathered | undefined
  #view: { readonly atMs: number; readonly view: RegistryView } | undefined
  /** From the beginning of this life on. */
  #keptAtMs: number

  constructor(sql: SqlStorage, everyMs: number, nowMs: number) {
    this.#sql = sql
    this.#everyMs = everyMs
    this.#keptAtMs = nowMs
  }

  heard(summary: RoomSummary, nowMs: number): void {
    this.#known.hear(summary, nowMs)
    if (nowMs - this.#keptAtMs < HISTORY_KEPT_EVERY_MS) return
    this.#keptAtMs = nowMs
    this.#sql.exec(TABLE)
    this.#sql.exec(WRITE, stepMs(this.#everyMs), JSON.stringify(this.#known.history()))
  }

  view(nowMs: number): RegistryView {
    if (this.#view === undefined || nowMs - this.#view.atMs >= REGISTRY_VIEW_MS)
      this.#view = { atMs: nowMs, view: this.#known.view(nowMs) }
    return this.#view.view
  }

  topology(limit: number, nowMs: number): TopologyPart {
    return this.#known.topology(limit, nowMs)
  }

  peer(id: Uint8Array, nowMs: number): readonly PeerInRoom[] {
    return this.#known.peer(id, nowMs)
  }

  get #known(): Gathered {
    this.#gathered ??= new Gathered(this.#everyMs, this.#kept())
    return this.#gathered
  }

  #kept(): readonly HistoryPoint[] {
    if (this.#sql.exec(HAS_TABLE).toArray().length === 0) return []
    const [row] = this.#sql.exec<{ points: string }>(READ, stepMs(this.#everyMs))
    // Written by this very class: what is not what it writes is of another version, and forgotten.
    return row === undefined ? [] : (JSON.parse(row.points) as HistoryPoint[])
  }
}
