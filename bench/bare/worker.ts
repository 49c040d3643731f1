// The bare Worker: the object that a path names.

export { BareMailbox } from './mailbox.ts'
export { BareRoom } from './room.ts'
export { BareTable } from './table.ts'

interface Objects {
  readonly ROOMS: DurableObjectNamespace
  readonly MAILBOXES: DurableObjectNamespace
  readonly TABLES: DurableObjectNamespace
}

export default {
  fetch(request: Request, { ROOMS, MAILBOXES, TABLES }: Objects): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/v1/dht/')) return TABLES.getByName('all').fetch(request)
    return (pathname.startsWith('/v1/mailboxes/') ? MAILBOXES : ROOMS).getByName(pathname).fetch(request)
  },
}
