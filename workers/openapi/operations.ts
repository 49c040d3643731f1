// Every route of workers/app.ts, by its method and pattern. A route that is missing here, or is here and not there, fails a test.

import type { Operation } from './operation.ts'
import { DHT } from './operations/dht.ts'
import { EDGE } from './operations/edge.ts'
import { MAIL } from './operations/mail.ts'
import { NETWORK } from './operations/network.ts'
import { PROTECTION } from './operations/protection.ts'

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...EDGE,
  ...MAIL,
  ...DHT,
  ...NETWORK,
  ...PROTECTION,
}
