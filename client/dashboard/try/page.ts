// The first page: a live room that any two tabs can meet in, and what this edge says of itself. A user of the SDK like any other.

import type { Room, Via, Waypost } from '../../index.ts'
import { announce, find, setText } from '../dom.ts'
import { NETWORK_SHOWN } from '../networks.ts'
import type { Page } from '../pages.ts'
import { Chat } from './chat.ts'
import { EdgePanel } from './edge-panel.ts'
import { logEvent } from './event-log.ts'
import { PeerList } from './peers.ts'
import { People } from './people.ts'
import { isPing, Pings } from './pings.ts'
import { RoomPanel } from './room-panel.ts'
import { Session } from './session.ts'

const REFRESH_MS = 1_000

const edge = new EdgePanel(NETWORK_SHOWN)
const people = new People()
const chat = new Chat(people)
const peers = new PeerList(people, (to) => chat.writeTo(to))
const pings = new Pings((id, via, ms) => peers.measured(id, via, ms))

let refresh: () => void = () => {}

const session = new Session({
  state: (state) => {
    panel.show(state)
    if (state.kind === 'joined' || state.kind === 'reconnecting') edge.look()
  },
  connected: (waypost) => {
    panel.showId(waypost.id)
    waypost.on('message', ({ from, data, via }) => {
      if (!isPing(data)) chat.heard(from, data, via)
    })
  },
  joined: enter,
  over: () => {
    refresh = () => {}
    pings.stop()
    chat.close()
    peers.clear()
    panel.showOthers(0)
  },
})

const panel = new RoomPanel({
  begin,
  rename: (name) => session.rename(name),
  pings: (enabled) => {
    pings.enabled = enabled
  },
})

function enter(waypost: Waypost, room: Room): void {
  refresh = () => {
    peers.refresh(waypost, room)
    chat.refresh()
    panel.showOthers(room.peers.size)
  }
  const tell = (text: string) => {
    refresh()
    logEvent(text)
    announce(text)
  }
  const arrived = new Set(room.peers.keys())
  room.on('join', (peer) => {
    arrived.add(peer.id)
    tell(`${people.know(peer)} arrived`)
  })
  room.on('leave', (peer) => {
    arrived.delete(peer.id)
    tell(`${people.know(peer)} left`)
  })
  room.on('update', (peer) => {
    const before = people.nameOf(peer.id)
    const now = people.know(peer)
    if (now === before) refresh()
    else tell(`${before} is ${now} now`)
  })
  waypost.on('path', ({ peer: id, via }) => {
    const peer = room.peers.get(id)
    // A peer that comes is reached, and one that goes is not: that it came or went says so already.
    if (peer === undefined || !arrived.has(id)) return
    logEvent(pathWords(people.know(peer), via))
    refresh()
  })
  room.on('state', (state) => {
    if (state === 'joined') chat.cameBack()
  })
  room.on('message', ({ from, data }) => chat.heardByAll(from, data))
  for (const peer of room.peers.values()) logEvent(`${people.know(peer)} was here before you`)
  chat.open(waypost, room)
  pings.start(waypost, room)
  refresh()
}

function begin(): void {
  const room = panel.room
  setText(find(document, '#snippet', HTMLElement), snippet(room))
  session.begin({ network: NETWORK_SHOWN, room, name: panel.name, relayOnly: panel.relayOnly })
}

function pathWords(name: string, via: Via | undefined): string {
  if (via === 'direct') return `${name} is connected directly`
  return via === 'relay' ? `${name} is reached through the relay` : `${name} cannot be reached at the moment`
}

function snippet(room: string): string {
  return [
    `import { connect } from 'waypost'`,
    '',
    `const waypost = await connect('${location.origin}', { network: '${NETWORK_SHOWN}' })`,
    `const room = await waypost.join(${JSON.stringify(room)})`,
    `room.on('message', ({ from, data }) => console.log(from, data))`,
    `room.broadcast('hello')`,
  ].join('\n')
}

/** Its markup stands in index.html: it is what most visitors see first. */
export function open(): Page {
  edge.start()
  setInterval(() => refresh(), REFRESH_MS)
  let begun = false
  return {
    show(name) {
      const isAnother = panel.goTo(name)
      if (isAnother || !begun) begin()
      begun = true
    },
    // The visitor stays in the room meanwhile: the network's page shows them there.
    hide() {},
  }
}
