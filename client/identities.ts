// Identities that outlive a page, as applications see them. What does the work is loaded when it is first asked for.

import type { Identities } from './types.ts'

const load = () => import('./identities/keeper.ts')

function identitiesAt(directory?: string): Identities {
  return {
    create: async (...args) => (await load()).create(directory, ...args),
    list: async () => (await load()).list(directory),
    id: async (name) => (await load()).idOf(directory, name),
    export: async (...args) => (await load()).exportBackup(directory, ...args),
    import: async (...args) => (await load()).importBackup(directory, ...args),
    forget: async (name) => (await load()).forget(directory, name),
    at: identitiesAt,
  }
}

/** Of this origin of this browser; in Node of this user, or of a directory. */
export const identities: Identities = /* @__PURE__ */ identitiesAt()
