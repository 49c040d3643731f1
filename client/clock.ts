// The time as machines know it: the wall clock, except that it never goes back. A device whose clock is set back by an
// hour would otherwise wait an hour for whatever was due in a moment: an acknowledgement, a ping. The time it was set
// back by is added from then on; only the windows of duty, which are the same everywhere, are off by it.

let aheadMs = 0
let lastMs = 0

export function nowMs(): number {
  const wallMs = Date.now() + aheadMs
  if (wallMs < lastMs) aheadMs += lastMs - wallMs
  lastMs = Math.max(lastMs, wallMs)
  return lastMs
}
