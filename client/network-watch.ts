// When the device says that its network changed or that it woke up: time to look whether our sockets still live.

/** Calls back on each such moment; gives back the way to stop. Nothing in Node, which has no such events. */
export function watchNetwork(changed: () => void): () => void {
  if (typeof window === 'undefined') return () => {}
  const visible = () => {
    if (!document.hidden) changed()
  }
  const { connection } = navigator as Navigator & { connection?: EventTarget }
  window.addEventListener('online', changed)
  window.addEventListener('pageshow', changed)
  document.addEventListener('resume', changed)
  document.addEventListener('visibilitychange', visible)
  connection?.addEventListener('change', changed)
  return () => {
    window.removeEventListener('online', changed)
    window.removeEventListener('pageshow', changed)
    document.removeEventListener('resume', changed)
    document.removeEventListener('visibilitychange', visible)
    connection?.removeEventListener('change', changed)
  }
}
