// Vaults in memory and in Node's files keep what every vault promises (test/support/vault-suite.ts; those of browsers are
// asked in test/browser/vault.test.ts). What only files can suffer is in vault-files.test.ts.

import { beforeEach, describe, it } from 'vitest'
import { openKept } from '../../client/identities/keeper.ts'
import { newIdentity } from '../../client/identity.ts'
import { openSuite } from '../../client/secure.ts'
import { KEPT_PROMISES, VAULT_PROMISES, type VaultHost } from '../support/vault-suite.ts'
import { directory, here } from './identity-place.ts'

describe('a vault in memory', () => {
  const host: VaultHost = { open: async () => newIdentity(await openSuite()) }

  it.each(Object.entries(VAULT_PROMISES))('%s', (_, keeps) => keeps(host))
})

describe("a vault in Node's files", () => {
  let host: VaultHost
  beforeEach(() => {
    host = {
      open: (name) => openKept({ name, directory }),
      forget: (name) => here().forget(name),
    }
  })

  it.each(Object.entries({ ...VAULT_PROMISES, ...KEPT_PROMISES }))('%s', (_, keeps) => keeps(host))
})
