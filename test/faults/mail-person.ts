// Somebody with a kept identity, as a process of its own that may be killed at any moment: counts to each of its peers, by
// mail, and says on a line of its own what it is about to do and what it has done, before anything else happens.
//
//   node test/faults/mail-person.ts <url> <directory> <name> <{ peer's id: the number to begin with }>

import { writeSync } from 'node:fs'
import { connect, type MessageEvent } from '../../client/index.ts'

export type PersonSays =
  | { readonly kind: 'open' }
  | { readonly kind: 'sending' | 'failed'; readonly peer: string; readonly n: number; readonly code?: string }
  | {
      readonly kind: 'sent'
      readonly peer: string
      readonly n: number
      readonly id: string
      readonly via: string
    }
  | {
      readonly kind: 'heard' | 'handled'
      readonly peer: string
      readonly n: number
      readonly id: string
      readonly atMs: number
    }
  | { readonly kind: 'read'; readonly peer: string; readonly id: string }
  | { readonly kind: 'status'; readonly outbox: number; readonly inbox: number }

const PAUSE_MS = 30
const HANDLING_MS = 25
const STATUS_MS = 100

const [url = '', directory = '', name = '', peers = '{}'] = process.argv.slice(2)
const say = (what: PersonSays) => writeSync(1, `${JSON.stringify(what)}\n`)
const pause = (most: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * most))

/** Mostly short; now and then as large as one envelope holds, or so large that several are needed. */
function padding(): string {
  const which = Math.random()
  const letters = which < 0.9 ? 100 : which < 0.97 ? 40_000 : 400_000
  return 'x'.repeat(letters)
}

let going = true
process.stdin.once('data', () => {
  going = false
})

async function toEdge() {
  for (;;) {
    try {
      return await connect(url, { identity: { name, directory } })
    } catch {
      await pause(200) // It is being killed as well.
    }
  }
}

const waypost = await toEdge()

waypost.on('message', async ({ from, id = '', data }: MessageEvent) => {
  const { n } = data as { readonly n: number }
  say({ kind: 'heard', peer: from, n, id, atMs: Date.now() })
  await pause(HANDLING_MS)
  say({ kind: 'handled', peer: from, n, id, atMs: Date.now() })
})
waypost.on('receipt', ({ peer, id, state, error }) => {
  if (state === 'read') say({ kind: 'read', peer, id })
  if (state === 'failed') say({ kind: 'failed', peer, n: -1, code: error?.code ?? '' })
})

async function count(peer: string, from: number): Promise<void> {
  for (let n = from; going; n++) {
    say({ kind: 'sending', peer, n })
    try {
      const { id = '', via } = await waypost.send(peer, { n, padding: padding() })
      say({ kind: 'sent', peer, n, id, via })
    } catch (error) {
      say({ kind: 'failed', peer, n, code: String(error) })
    }
    await pause(PAUSE_MS)
  }
}

for (const [peer, from] of Object.entries(JSON.parse(peers) as Record<string, number>)) void count(peer, from)

let opened = false
setInterval(() => {
  const mail = waypost.status().mail
  if (mail === undefined) return
  if (!opened && mail.state === 'open') say({ kind: 'open' })
  opened ||= mail.state === 'open'
  say({ kind: 'status', outbox: mail.outbox, inbox: mail.inbox })
}, STATUS_MS)
