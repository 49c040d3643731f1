// The graph's colours, as network.css names them for each scheme: a canvas knows nothing of variables.

import { REGION_ORDER } from '../../regions.ts'

export interface Palette {
  readonly ground: string
  readonly ink: string
  readonly muted: string
  readonly accent: string
  readonly direct: string
  readonly relay: string
  readonly hull: string
  readonly hullLine: string
  readonly font: string
  region(name: string): string
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element)
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const regions = new Map(REGION_ORDER.map((name) => [name, of(`region-${name}`)]))
  const unknown = of('region-unknown')
  return {
    ground: of('panel'),
    ink: of('ink'),
    muted: of('muted'),
    accent: of('accent'),
    direct: of('link-direct'),
    relay: of('link-relay'),
    hull: of('hull'),
    hullLine: of('hull-line'),
    font: `12px ${style.fontFamily}`,
    region: (name) => regions.get(name) ?? unknown,
  }
}
