// What the doctor asks the browser itself: WebRTC, who computes the cryptography, storage, and what the page is forbidden.

import type { Suite } from '../../../protocol/crypto/suite.ts'
import type { Finding } from './finding.ts'

/** Whether a connection can be made; the finding says why not. */
export function webrtcFinding(): Finding {
  const [id, title] = ['webrtc', 'WebRTC'] as const
  const advice =
    'A setting, an extension or a policy switches it off. Links go through the relay until it is on.'
  if (typeof RTCPeerConnection !== 'function')
    return { id, title, state: 'bad', what: 'This browser has none: no link can be direct.', advice }
  try {
    new RTCPeerConnection().close()
    return { id, title, state: 'ok', what: 'Is there.' }
  } catch {
    const what = 'Is there, but the browser refuses to make a connection: no link can be direct.'
    return { id, title, state: 'bad', what, advice }
  }
}

export function cryptoFinding(status: Suite['status']): Finding {
  const [id, title] = ['crypto', 'Post-quantum cryptography'] as const
  const own = Object.entries(status).filter(([, backend]) => backend !== 'native')
  if (own.length === 0)
    return { id, title, state: 'ok', what: 'The browser computes all of it itself, which is fastest.' }
  const names = own.map(([name]) => name).join(', ')
  const what = `Works. The browser has not all of it (${names}), so JavaScript is loaded for that: links take some tens of milliseconds longer to make.`
  const advice = globalThis.isSecureContext
    ? 'A newer browser may have it.'
    : 'Pages that come over plain http get none of the browser’s cryptography: use https.'
  return { id, title, state: 'warn', what, advice }
}

export async function storageFinding(): Promise<Finding> {
  const [id, title] = ['storage', 'Storage'] as const
  try {
    await writeAndForget()
  } catch {
    return {
      id,
      title,
      state: 'warn',
      what: 'The browser keeps nothing for this page: identities and mail last as long as the tab.',
      advice: 'Private windows do this, and settings that forbid storage.',
    }
  }
  const kept = await navigator.storage?.persisted?.().catch(() => false)
  const what = kept
    ? 'Works, and the browser does not clear it by itself.'
    : 'Works. The browser may clear it when the device is short of room.'
  return { id, title, state: 'ok', what }
}

function writeAndForget(): Promise<void> {
  const name = 'waypost-doctor'
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name)
    opening.onupgradeneeded = () => opening.result.createObjectStore('tried')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const writing = opening.result.transaction('tried', 'readwrite')
      writing.objectStore('tried').put(1, 1)
      writing.onabort = () => reject(writing.error)
      writing.oncomplete = () => {
        opening.result.close()
        indexedDB.deleteDatabase(name)
        resolve()
      }
    }
  })
}

/** What the page's own rules, or the browser's, refused since this was made. */
export class Refusals {
  readonly #seen = new Set<string>()

  constructor() {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
      this.#seen.add(`${effectiveDirective} (${blockedURI.split('?')[0]})`)
    })
  }

  async finding(): Promise<Finding> {
    const [id, title] = ['policy', 'Policies'] as const
    const hints: string[] = []
    if (!globalThis.isSecureContext)
      hints.push(
        'The page does not come over https, so the browser withholds cryptography and storage from it.',
      )
    if (this.#seen.size > 0) hints.push(`The page’s content policy refused: ${[...this.#seen].join(', ')}.`)
    if (!(await workersWork()))
      hints.push('Workers do not start: stamps are made in slices, and a hidden tab may be taken for gone.')
    if (hints.length === 0)
      return { id, title, state: 'ok', what: 'Nothing that is needed is forbidden here.' }
    return {
      id,
      title,
      state: 'warn',
      what: hints.join(' '),
      advice: 'The page’s server decides this, or an extension.',
    }
  }
}

const WORKER_MS = 3_000

function workersWork(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const url = URL.createObjectURL(new Blob(['postMessage(0)'], { type: 'text/javascript' }))
      const worker = new Worker(url)
      const end = (works: boolean) => {
        worker.terminate()
        URL.revokeObjectURL(url)
        resolve(works)
      }
      setTimeout(end, WORKER_MS, false)
      worker.onmessage = () => end(true)
      worker.onerror = (event) => {
        event.preventDefault()
        end(false)
      }
    } catch {
      resolve(false)
    }
  })
}
