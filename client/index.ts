// The API on one screen.

export { type ErrorCode, WaypostError } from '../protocol/errors.ts'
export { isPeerId } from '../protocol/peer-id.ts'
export { VERSION as version } from '../protocol/version.ts'
export { connect } from './connect.ts'
export type {
  AboutPeer,
  AnnounceOptions,
  AnyCid,
  AskOptions,
  ContentProgress,
  Dht,
  FoundPeer,
  GetOptions,
  KnownPeer,
  PeersOptions,
  ProvideOptions,
  Provider,
  ProvidersOptions,
  Published,
  PublishOptions,
  PutOptions,
  ResolvedName,
} from './dht/api.ts'
export { identities } from './identities.ts'
export type { Room } from './room.ts'
export { traceAs } from './trace.ts'
export type {
  BootstrapStatus,
  BroadcastEvent,
  CloseReason,
  ConnectOptions,
  Data,
  DatagramEvent,
  DeclineReason,
  DirectStatus,
  EdgeStatus,
  FailureReason,
  Identities,
  IdentityChoice,
  JoinOptions,
  KeptIdentity,
  LinkStatus,
  MailStatus,
  MessageEvent,
  MessageVia,
  OpenOptions,
  Peer,
  PeerId,
  Priority,
  Receipt,
  ReceiptEvent,
  Received,
  RoomEvents,
  RoomState,
  RoomStatus,
  SendOptions,
  Status,
  StreamEvent,
  TurnStatus,
  Via,
  WaypostEvents,
  WaypostStream,
} from './types.ts'
export type { Waypost } from './waypost.ts'
