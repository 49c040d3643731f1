// Regions of the world, in the words that Durable Objects are placed by, and which of them a deployment keeps the DHT in. Each
// of those has a trie of shards of its own, and in the end all records.

export const REGIONS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const
export type Region = (typeof REGIONS)[number]

export interface RegionSettings {
  /** Names with commas between them. */
  readonly DHT_REGIONS?: string
}

/**
 * One place for shards: the deployment's first, whose shards are called as they were before there were regions and stay where
 * they are; or one of the others. `hint`: where its objects are to be made.
 */
export interface ShardSite {
  /** In the names of its shards; empty for the first. */
  readonly region: Region | ''
  readonly hint: Region | undefined
}

export const ONE_SITE: readonly ShardSite[] = [{ region: '', hint: undefined }]

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function sitesOf({ DHT_REGIONS: text = '' }: RegionSettings): readonly ShardSite[] {
  if (text.trim() === '') return ONE_SITE
  const names = text.split(',').map((name) => name.trim())
  const known = names.filter(isRegion)
  if (known.length < names.length || new Set(known).size < known.length)
    throw new RangeError(`DHT_REGIONS names each region once, of ${REGIONS.join(', ')}, not ${text}`)
  return known.map((hint, at) => ({ region: at === 0 ? '' : hint, hint }))
}

/** Those first that are nearest to somebody; as they are listed for whom nobody knows where they are. */
export function nearestFirst(sites: readonly ShardSite[], asker: Region | ''): readonly ShardSite[] {
  if (asker === '' || sites.length === 1) return sites
  return sites.toSorted((a, b) => milesBetween(asker, a.hint) - milesBetween(asker, b.hint))
}

export function isRegion(text: string): text is Region {
  return (REGIONS as readonly string[]).includes(text)
}

/** Degrees north and east, of a place where much of a region's traffic comes together. */
const PLACES: Readonly<Record<Region, readonly [north: number, east: number]>> = {
  wnam: [37, -122],
  enam: [39, -77],
  sam: [-23, -46],
  weur: [50, 4],
  eeur: [52, 21],
  apac: [22, 114],
  oc: [-34, 151],
  afr: [-26, 28],
  me: [25, 55],
}

const EARTH_MILES = 3_959

export function milesBetween(one: Region, other: Region | undefined): number {
  if (other === undefined) return 0
  const [[north, east], [north2, east2]] = [radians(PLACES[one]), radians(PLACES[other])]
  const cosine =
    Math.sin(north) * Math.sin(north2) + Math.cos(north) * Math.cos(north2) * Math.cos(east - east2)
  return EARTH_MILES * Math.acos(Math.min(1, cosine))
}

function radians([north, east]: readonly [number, number]): readonly [number, number] {
  return [(north * Math.PI) / 180, (east * Math.PI) / 180]
}
