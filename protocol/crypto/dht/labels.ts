// Labels of the DHT's hashes, apart from contexts.ts, which every page loads. Keys of names are what everybody computes alike, and
// have no version: what finds a record of this suite finds one of the next.

import { utf8 } from '../../wire/bytes.ts'

export const NAME = utf8('waypost mutable') // before a PeerId and a salt
export const IPNS = utf8('waypost ipns') // before a multihash: no PeerId can be had to be one
export const NODE = utf8('waypost node') // before a PeerId, an era and its stamp: a place in the mesh
export const NODE_STAMP = utf8('waypost node stamp') // what that stamp is for: it buys nothing of an edge
