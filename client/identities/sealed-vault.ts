// The vault of an identity that is kept: sealed in its place. Loaded when it is first asked for.

import type { Keeping } from '../../protocol/crypto/keeping/locked-box.ts'
import { sealedVault } from '../../protocol/crypto/keeping/sealed-vault.ts'
import { type OpenVault, openVault, type VaultRecords } from './vault.ts'

export async function openSealedVault(
  keeping: Keeping,
  storeKey: Uint8Array,
  open: () => Promise<VaultRecords>,
  ended: string,
): Promise<OpenVault> {
  const sealing = await sealedVault(keeping, storeKey)
  const records = await open()
  try {
    return await openVault(records, sealing, ended)
  } catch (problem) {
    await records.close()
    throw problem
  }
}
