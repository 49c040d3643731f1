// What the parts of a node have in common: its place, its links, what it holds, and where effects go. One for each node.

import type { DropReason } from '../../drops.ts'
import type { Random } from '../../machine.ts'
import type { Key } from '../contract.ts'
import type { Checked, Given, MeshEffect, Neighbour } from './contract.ts'
import { Held } from './held.ts'
import { Links } from './links.ts'
import { encodeMesh, type MeshMessage } from './messages.ts'
import type { Entry } from './neighbours.ts'
import type { NodeId } from './node.ts'

type Verified = (item: Checked | undefined) => void

export class Ground {
  readonly self: NodeId
  readonly random: Random
  readonly links: Links
  readonly held: Held
  nowMs = 0
  #effects: MeshEffect[] = []
  readonly #tasks = new Map<number, Verified>()
  #nextTask = 1

  constructor(self: NodeId, random: Random) {
    this.self = self
    this.random = random
    this.links = new Links(self, random, (effect) => this.do(effect))
    this.held = new Held(self)
  }

  /** A new input; what was to be done for the last one has been. */
  begins(nowMs: number): void {
    this.nowMs = nowMs
    this.#effects = []
  }

  get effects(): readonly MeshEffect[] {
    return this.#effects
  }

  do(effect: MeshEffect): void {
    this.#effects.push(effect)
  }

  /** To whoever is still there. */
  send({ neighbour }: Entry, message: MeshMessage): void {
    if (this.links.neighbours.get(neighbour) === undefined) return
    this.do({ kind: 'send', neighbour, bytes: encodeMesh(message) })
  }

  drop(reason: DropReason, neighbour: Neighbour): void {
    this.do({ kind: 'drop', reason, neighbour })
  }

  /** What is not merely useless, but cannot be said in good faith. */
  lie(entry: Entry, reason: DropReason): void {
    this.links.neighbours.faulted(entry)
    this.drop(reason, entry.neighbour)
  }

  verify(given: Given, key: Key, bytes: Uint8Array, then: Verified): void {
    const task = this.#nextTask++
    this.#tasks.set(task, then)
    this.do({ kind: 'verify', task, given, key, bytes })
  }

  verified(task: number, item: Checked | undefined): void {
    const then = this.#tasks.get(task)
    if (then === undefined) throw new RangeError(`no task ${task} is under way`)
    this.#tasks.delete(task)
    then(item)
  }
}
