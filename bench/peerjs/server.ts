// PeerServer as a process of its own, as it is deployed: nobody's work in it is counted as the benchmark's. It tells its
// parent the port it was given, and ends with it.

import { PeerServer } from 'peer'

PeerServer({ host: '127.0.0.1', port: 0, path: '/' }, (server) => {
  const address = server.address()
  process.send?.(typeof address === 'object' ? address?.port : undefined)
})
process.once('disconnect', () => process.exit())
