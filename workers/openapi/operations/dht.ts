// Routes about the DHT: ours, and those of the Delegated Routing V1 HTTP API.

import type { HttpErrorCode } from '../../errors.ts'
import { ClosestPeers, Providers, RoutedPeer, RoutedPeers, RoutedProviders, Stored } from '../bodies/dht.ts'
import { type Answer, JSON_TYPE, json, OCTETS, type Operation } from '../operation.ts'
import * as parameters from '../parameters.ts'

const RECORD = 'application/vnd.waypost.record'
const IPNS = 'application/vnd.ipfs.ipns-record'
const NDJSON = 'application/x-ndjson'
const { network } = parameters

const WRITING = [
  'bad-name',
  'pass-missing',
  'pass-malformed',
  'pass-expired',
  'pass-forged',
  'pass-foreign',
  'malformed',
  'too-large',
  'wrong-key',
  'wrong-signature',
  'expired',
  'stale',
  'over-quota',
  'rate-limited',
  'busy',
] as const satisfies readonly HttpErrorCode[]

const STORED = { 200: json('It was there already', Stored), 201: json('It is kept', Stored) }
const PROVIDED = { what: 'An announcement of what is provided', content: { [OCTETS]: undefined } }
const FILTERS = [network, parameters.filterAddresses, parameters.filterProtocols]

const listed = (
  what: string,
  content: NonNullable<Answer['content']>[string],
): Readonly<Record<number, Answer>> => ({
  200: { what, content: { [JSON_TYPE]: content, [NDJSON]: RoutedPeer } },
})

export const DHT: Readonly<Record<string, Operation>> = {
  'PUT /v1/dht/records/:key': {
    tag: 'dht',
    summary: 'Keep a value, or a signed record',
    shows: 'pass',
    query: [network, parameters.ttl],
    body: {
      what: 'A value under its digest, or what its owner signed',
      content: { [OCTETS]: undefined, [RECORD]: undefined },
    },
    answers: STORED,
    refuses: [...WRITING, 'unsupported-media-type'],
  },
  'GET /v1/dht/records/:key': {
    tag: 'dht',
    summary: 'What is kept under a key',
    query: [network],
    headers: [parameters.ifNoneMatch],
    answers: {
      200: {
        what: 'A value, or a signed record',
        content: { [OCTETS]: undefined, [RECORD]: undefined },
        headers: { ETag: 'Of these bytes', 'X-Expires-At': 'Milliseconds since 1970' },
      },
      304: { what: 'It is what the asker has' },
    },
    refuses: ['bad-name', 'no-such-record', 'rate-limited', 'busy'],
  },
  'GET /v1/dht/peers/:target': {
    tag: 'dht',
    summary: 'Announced peers nearest to a key',
    query: [network, parameters.closestLimit],
    answers: { 200: json('The nearest first', ClosestPeers) },
    refuses: ['bad-name', 'malformed', 'rate-limited', 'busy'],
  },
  'POST /v1/dht/providers': {
    tag: 'dht',
    summary: 'Provide what an announcement names: one key or a thousand',
    shows: 'pass',
    query: [network],
    body: PROVIDED,
    answers: STORED,
    refuses: WRITING,
  },
  'POST /v1/dht/providers/:key': {
    tag: 'dht',
    summary: 'Provide it, and what else its announcement names',
    shows: 'pass',
    query: [network],
    body: PROVIDED,
    answers: STORED,
    refuses: WRITING,
  },
  'GET /v1/dht/providers/:key': {
    tag: 'dht',
    summary: 'Who has it',
    query: [network, parameters.providersLimit, parameters.near],
    answers: { 200: json('With proofs', Providers) },
    refuses: ['bad-name', 'malformed', 'rate-limited', 'busy'],
  },
  'GET /routing/v1/providers/:cid': {
    tag: 'delegated routing',
    summary: 'Who has it',
    query: FILTERS,
    answers: listed('Peers', RoutedProviders),
    refuses: ['unprocessable'],
  },
  'GET /routing/v1/peers/:peer': {
    tag: 'delegated routing',
    summary: 'What a peer announced',
    query: FILTERS,
    answers: listed('One or none', RoutedPeers),
    refuses: ['unprocessable'],
  },
  'GET /routing/v1/dht/closest/peers/:key': {
    tag: 'delegated routing',
    summary: 'Announced peers nearest to a key',
    query: FILTERS,
    answers: listed('The nearest first', RoutedPeers),
    refuses: ['unprocessable'],
  },
  'GET /routing/v1/ipns/:name': {
    tag: 'delegated routing',
    summary: 'What a name points to',
    query: [network],
    answers: { 200: { what: 'The record', content: { [IPNS]: undefined } } },
    refuses: ['unprocessable', 'no-such-record'],
  },
  'PUT /routing/v1/ipns/:name': {
    tag: 'delegated routing',
    summary: 'Publish a name',
    query: [network],
    body: { what: 'The record', content: { [IPNS]: undefined } },
    answers: { 200: { what: 'It is kept' } },
    refuses: [
      'unprocessable',
      'unsupported-media-type',
      'too-large',
      'stale',
      'over-quota',
      'rate-limited',
      'busy',
      'malformed',
      'wrong-key',
      'wrong-signature',
      'expired',
    ],
  },
}
