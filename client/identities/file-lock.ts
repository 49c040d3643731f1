// One process at a time for each identity, by files that say who holds it; a holder that was killed holds nothing.
//
// Node has no locks of the operating system. So whoever wants an identity first puts down a file of its own, which nobody
// else ever writes or takes for another's, and only then looks for those of others. Of two that come at once at least one
// sees the other, so both never have it; neither may have it at first, so both try again a few times, after a random while.
//
// A holder is its process id, and where the system tells (Linux) when that process began: after a restart, in a container
// above all, another process has the same id. Processes that cannot see each other, on two machines or in two containers
// that share a directory, are not kept apart.

import type { Files, Node } from './node.ts'
import { codeOf } from './node.ts'
import type { Release } from './place.ts'

const TRIES = 5
const PAUSE_MS_MAX = 40

/** `prefix` begins the names of the lock's files. Undefined: somebody has it. */
export async function lockFile(node: Node, directory: string, prefix: string): Promise<Release | undefined> {
  const { files } = node
  const own = `${prefix}${crypto.randomUUID()}`
  const { pid } = node.process
  const me = `${pid}\n${(await beginningOf(files, pid)) ?? ''}`.trimEnd()
  const letGo = () => files.rm(`${directory}/${own}`, { force: true })
  try {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS_MAX))
      await putDown(files, `${directory}/${own}`, me)
      const others = (await files.readdir(directory)).filter(
        (file) => file.startsWith(prefix) && file !== own,
      )
      const held = await Promise.all(others.map((file) => isHeld(node, `${directory}/${file}`)))
      if (!held.includes(true)) return letGo
      await letGo()
    }
    return undefined
  } catch (problem) {
    await letGo()
    throw problem
  }
}

/** Whole at once, under its name: half a file would be taken for a dead holder's. */
async function putDown(files: Files, path: string, text: string): Promise<void> {
  const unfinished = path.replace(/[^/]*$/, (file) => `unfinished-${file}`)
  const handle = await files.open(unfinished, 'w', 0o600)
  try {
    await handle.writeFile(new TextEncoder().encode(text))
  } finally {
    await handle.close()
  }
  await files.rename(unfinished, path)
}

/** Removes the file of a holder that is no more. */
async function isHeld(node: Node, path: string): Promise<boolean> {
  const text = await node.files.readFile(path, 'utf8').catch((problem: unknown) => {
    if (codeOf(problem) === 'ENOENT') return undefined
    throw problem
  })
  if (text === undefined) return false
  const [pid, began] = text.trimEnd().split('\n')
  if (isAlive(node, Number(pid))) {
    const now = await beginningOf(node.files, Number(pid))
    // What cannot be told is no reason to take an identity from somebody.
    if (began === undefined || now === undefined || began === now) return true
  }
  await node.files.rm(path, { force: true })
  return false
}

function isAlive({ process }: Node, pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return codeOf(problem) === 'EPERM' // Somebody else's, and alive.
  }
}

/** On Linux: which boot, and which moment of it, a process is from; `dead` for one that nobody buried yet. */
async function beginningOf(files: Files, pid: number): Promise<string | undefined> {
  try {
    const boot = await files.readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const stat = await files.readFile(`/proc/${pid}/stat`, 'utf8')
    // The program's name, in parentheses, may hold anything; after it come its state and, 19 words on, when it began.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return words[0] === 'Z' ? 'dead' : `${boot.trim()} ${words[19]}`
  } catch {
    return undefined
  }
}
