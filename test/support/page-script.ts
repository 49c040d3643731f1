// Code of the repository in a page, as a client's bundle would bring it there: what is minified as it is published is what
// is tested.

import { browserBundle } from '../../scripts/bundle.ts'
import { bundled } from './bundles.ts'

/** A script that puts what `source` exports, with paths from the repository's root, into a global of that name. */
export async function pageScript(globalName: string, source: string): Promise<string> {
  const stdin = { contents: source, resolveDir: browserBundle.absWorkingDir ?? '.', loader: 'ts' as const }
  const files = await bundled({ ...browserBundle, stdin, format: 'iife', splitting: false, globalName })
  const [script = ''] = files.values()
  return script.replace(`var ${globalName}=`, `globalThis.${globalName}=`)
}
