// The edges at which we are, or may be, as others are told of them: those that the application named, and the one in use. What we
// were only told of ourselves, and have not been at, is nobody's news.

import { INTRODUCTION_EDGES_ANSWERED_MAX } from '../../protocol/limits/introductions.ts'
import { edgeUrl } from '../edge-url.ts'
import type { PassDesk } from '../pass.ts'

export function ownEdges({ base, edges }: Pick<PassDesk, 'base' | 'edges'>): readonly string[] {
  const ours = edges?.flatMap(({ url, learnt, inUse }) => (learnt && !inUse ? [] : [url])) ?? [base.href]
  // One below a path is reached by nobody who has its origin alone.
  return [base.href, ...ours]
    .filter((url, at, all) => edgeUrl(url, false) === url && all.indexOf(url) === at)
    .slice(0, INTRODUCTION_EDGES_ANSWERED_MAX)
}
