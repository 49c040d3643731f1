// The end of a turn: what is said in one turn of the page leaves together, so a machine that collects is told when it is over.

/** What is returned has `end` called once, after the present turn, however often it is called in that. */
export function onceATurn(end: () => void): () => void {
  let coming = false
  return () => {
    if (coming) return
    coming = true
    queueMicrotask(() => {
      coming = false
      end()
    })
  }
}
