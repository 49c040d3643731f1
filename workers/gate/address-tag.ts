// What objects are told of an address: a keyed hash, by which they count sockets and can tell nobody where they come from.

import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { ADDRESS_HEADER } from '../../protocol/protection/config.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Env } from '../env.ts'
import { settings } from '../settings/settings.ts'
import { limitedAddress } from './rates.ts'

const TAG_BYTES = 12
const LABEL = utf8('waypost/1 address of a socket ')
const hash = nativeHash(crypto.subtle as unknown as Subtle, 1)

/** For an upgrade's headers; none where addresses are not limited. */
export async function addressHeader(request: Request, env: Env): Promise<Readonly<Record<string, string>>> {
  const address = limitedAddress(request, env)
  if (address === undefined) return {}
  const mac = await hash.hmac(utf8(settings(env).PASS_SECRET), LABEL, utf8(address))
  return { [ADDRESS_HEADER]: toBase64url(mac.subarray(0, TAG_BYTES)) }
}
