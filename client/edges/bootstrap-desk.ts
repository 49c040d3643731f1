// What was said by the edge that is in use, whichever that is at the moment: for those who hold it as they would an edge's own.

import type { IceServer } from '../../protocol/bootstrap.ts'
import type { BootstrapDesk } from '../kept-bootstrap.ts'
import type { BootstrapStatus } from '../types.ts'

export function deskOf(
  current: () => BootstrapDesk,
  own: Pick<BootstrapDesk, 'begin' | 'keep' | 'close'>,
): BootstrapDesk {
  return {
    get iceServers(): readonly IceServer[] {
      return current().iceServers
    },
    get turn(): boolean {
      return current().turn
    },
    get reportEveryMs(): number | undefined {
      return current().reportEveryMs
    },
    get region(): string {
      return current().region
    },
    get status(): BootstrapStatus {
      return current().status
    },
    ...own,
  }
}
