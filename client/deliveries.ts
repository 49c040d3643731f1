// Messages under way, each with the promise its sender waits for.

import { WaypostError } from '../protocol/errors.ts'
import type { Receipt, Via } from './types.ts'

interface Delivery {
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: WaypostError) => void
  readonly done: () => void
}

export class Deliveries {
  readonly #open = new Map<number, Delivery>()
  #tokens = 0

  /** `cancel` is called when the signal fires first. */
  begin(signal: AbortSignal | undefined, cancel: () => void): { token: number; settled: Promise<Receipt> } {
    const token = ++this.#tokens
    const settled = new Promise<Receipt>((resolve, reject) => {
      const abort = () => {
        this.#open.delete(token)
        cancel()
        reject(new WaypostError('aborted', 'send was aborted; the peer may have the message all the same'))
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#open.set(token, { resolve, reject, done: () => signal?.removeEventListener('abort', abort) })
    })
    return { token, settled }
  }

  settle(token: number, outcome: { readonly via: Via } | 'timeout' | 'abandoned', closing: boolean): void {
    const delivery = this.#open.get(token)
    if (delivery === undefined) return
    this.#open.delete(token)
    delivery.done()
    if (typeof outcome === 'object') delivery.resolve({ via: outcome.via })
    else if (outcome === 'timeout')
      delivery.reject(new WaypostError('timeout', 'the peer did not acknowledge in time'))
    else if (closing) delivery.reject(new WaypostError('closed', 'closed before the peer acknowledged'))
    else delivery.reject(new WaypostError('peer-unreachable', 'the peer left and did not come back'))
  }
}
