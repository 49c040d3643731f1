// A name for oneself, drawn once for each tab, so that two tabs of one newcomer are told apart at a glance.

import { tame } from '../tame.ts'
import { NAME_CHARS_MAX } from './people.ts'

const FIRST =
  'Amber Brisk Calm Clear Copper Early Fern Gentle Golden Hazel Ivory Lunar Maple Misty Northern Quiet River Silver'
const SECOND =
  'Badger Crane Curlew Falcon Finch Heron Ibex Kestrel Lark Lynx Marten Otter Owl Plover Puffin Robin Seal Stoat Swan'
const KEY = 'waypost.name'

function draw(list: string): string {
  const words = list.split(' ')
  return words[Math.floor(Math.random() * words.length)] ?? 'Someone'
}

/** This tab's name: kept over reloads, and not shared with other tabs. */
export function ownName(): string {
  const kept = storage()?.getItem(KEY)
  return keepName(kept || `${draw(FIRST)} ${draw(SECOND)}`)
}

/** Keeps it, and gives it back as others will see it. An empty one is replaced. */
export function keepName(name: string): string {
  const tamed = tame(name, NAME_CHARS_MAX) || draw(SECOND)
  storage()?.setItem(KEY, tamed)
  return tamed
}

/** Reading the property itself throws where a browser blocks storage. */
function storage(): Storage | undefined {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}
