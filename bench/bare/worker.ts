// The bare Worker: the object that a path names.

export { BareMailbox } from './mailbox.ts'
export { BareRoom } from './room.ts'

interface Objects {
  readonly ROOMS: DurableObjectNamespace
  readonly MAILBOXES: DurableObjectNamespace
}

export default {
  fetch(request: Request, { ROOMS, MAILBOXES }: Objects): Promise<Response> {
    const { pathname } = new URL(request.url)
    return (pathname.startsWith('/v1/mailboxes/') ? MAILBOXES : ROOMS).getByName(pathname).fetch(request)
  },
}
