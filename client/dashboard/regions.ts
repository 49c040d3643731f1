// What regions of the world are called. The edge names them as it places objects by them.

const NAMES: Readonly<Record<string, string>> = {
  wnam: 'Western North America',
  enam: 'Eastern North America',
  sam: 'South America',
  weur: 'Western Europe',
  eeur: 'Eastern Europe',
  me: 'Middle East',
  afr: 'Africa',
  apac: 'Asia and Pacific',
  oc: 'Oceania',
  unknown: 'Unknown region',
}

/** In the order in which they are listed and coloured. */
export const REGION_ORDER: readonly string[] = Object.keys(NAMES)

export function regionName(region: string): string {
  return Object.hasOwn(NAMES, region) ? (NAMES[region] ?? region) : region.slice(0, 24)
}
