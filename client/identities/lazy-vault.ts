// A vault that nobody asked for costs nothing: neither its code nor its place is touched before, and there is one of it
// however often it is asked for. With its identity it ends, whatever is under way.

import { WaypostError } from '../../protocol/errors.ts'
import type { OpenVault, Vault } from './vault.ts'

export interface LazyVault {
  /** One that could not be opened is tried again by the next who asks. */
  readonly open: () => Promise<Vault>
  /** Resolves when what was under way is done. */
  readonly end: () => Promise<void>
}

/** `whose` names the identity in what those are told who come too late. */
export function lazyVault(whose: string, load: () => Promise<OpenVault>): LazyVault {
  let opening: Promise<OpenVault> | undefined
  let opened: OpenVault | undefined
  let ending: Promise<void> | undefined
  const open = async () => {
    try {
      opened = await load()
      return opened
    } catch (problem) {
      opening = undefined
      throw problem
    }
  }
  const end = async () => {
    // At once where it is open: nothing that is called after this is let in.
    await (opened ?? (await opening?.catch(() => undefined)))?.end()
  }
  return {
    open: async () => {
      if (ending !== undefined) throw new WaypostError('closed', `${whose} was closed`)
      opening ??= open()
      return opening
    },
    end: () => {
      ending ??= end()
      return ending
    },
  }
}
