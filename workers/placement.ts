// Which object serves what: pure functions from names to names, so that no object is ever asked where another is.

/** Networks never meet: a network's name has no slash, so the first one ends it. */
export function roomObjectName(network: string, room: string): string {
  return `${network}/${room}`
}

export { mailboxObjectName } from '../protocol/mailbox/place.ts'

/** Asked by the health route whether objects of its class run. No network has this name. */
export const HEALTH_OBJECT = '/health'
