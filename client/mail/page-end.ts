// When a page is about to end, as far as it is told: hidden first, on a telephone often for good, or left. What was going to be
// kept in a moment is kept now.

/** Gives back the way to stop listening. Where there are no pages (Node) nothing is ever said. */
export function beforePageEnds(act: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const hidden = () => {
    if (document.hidden) act()
  }
  document.addEventListener('visibilitychange', hidden)
  addEventListener('pagehide', act)
  return () => {
    document.removeEventListener('visibilitychange', hidden)
    removeEventListener('pagehide', act)
  }
}
