// What signatures and keys are for, as constants. A signature made under one context is worthless under another, and a
// key expanded under one label says nothing of another: so nobody can be made to sign one thing and have it used as
// something else. The number is that of the protocol: a second version shares no signature with this one.

import { utf8 } from '../wire/bytes.ts'

/** ML-DSA contexts. */
export const CONTEXTS = {
  pass: utf8('waypost/1 pass'), // the edge picks the challenge: what it gets signed must be of no use anywhere else
  handshakeResponder: utf8('waypost/1 handshake responder'), // roles differ, so that no half of a handshake…
  handshakeInitiator: utf8('waypost/1 handshake initiator'), // …can be reflected to its sender as the other half
  prekeys: utf8('waypost/1 prekeys'), // strangers encrypt to these keys: only the owner may offer them
  record: utf8('waypost/1 record'), // the value is the application's: it must not be able to spell a handshake
  firstMessage: utf8('waypost/1 first message'), // proves a sender to one recipient, who could show it to others
  batch: utf8('waypost/1 batch'), // a Merkle root of many things: must not be taken for a thing of itself
  vote: utf8('waypost/1 vote'), // may be shown to anybody, unlike what links say
} as const

/** Labels of HKDF and of hashes; a link's own are in handshake/labels.ts. Those of the edge's secret, then those of a peer's root seed, then those of names. */
export const LABELS = {
  edgeSecret: utf8('waypost/1 edge secret'), // extracted first: a secret is whatever somebody pasted into a setting
  challengeKey: utf8('waypost/1 challenge key'), // with the day: a leaked key of yesterday makes no challenge of today
  passKey: utf8('waypost/1 pass key'), // apart from challenges: the edge makes challenges for anybody who asks
  identity: utf8('waypost/1 identity'), // the signing key, and so the PeerId
  mailbox: utf8('waypost/1 mailbox'), // the mailbox's key: an edge that has seen it learns nothing of the identity's
  backup: utf8('waypost/1 backup'), // what backups are sealed with: opening one needs the root, not a device
  identityBackup: utf8('waypost/1 identity backup'), // of the root itself, under a passphrase: the root cannot seal its own copy
  keptIdentity: utf8('waypost/1 kept identity'), // what a device keeps opens as nothing but that
  keptNames: utf8('waypost/1 kept names'),
  keptValues: utf8('waypost/1 kept values'),
  vaultAddresses: utf8('waypost/1 vault addresses'), // where a vault's values lie…
  vaultNames: utf8('waypost/1 vault names'), // …is their names, sealed
  vaultValues: utf8('waypost/1 vault values'),
  pseudonyms: utf8('waypost/1 pseudonyms'), // with the day and the network: what a watcher is shown in place of ids
  audience: utf8('waypost/1 audience'),
  network: utf8('waypost/1 network'),
  stamp: utf8('waypost/1 stamp'),
  mailAccess: utf8('waypost/1 mailbox access'), // an access key is given away: what it authenticates must be this alone
  mailStamp: utf8('waypost/1 mailbox stamp'), // with the audience: another edge cannot have its mailboxes' stamps made here
} as const
