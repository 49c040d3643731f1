// Routes about the edge itself, and rooms.

import * as z from 'zod'
import { BootstrapAnswer, Health, Pass, TurnAnswer } from '../bodies/edge.ts'
import { JSON_TYPE, json, OCTETS, type Operation } from '../operation.ts'
import { network, networks, peers } from '../parameters.ts'

const SOCKET = {
  101: { what: 'The socket. What is wrong with what was offered is said over it, and then it is closed' },
}

export const EDGE: Readonly<Record<string, Operation>> = {
  'GET /health': {
    tag: 'edge',
    summary: 'Is this edge alive, and can it reach an object of each class?',
    answers: { 200: json('It is', Health), 503: json('An object of some class did not answer', Health) },
  },
  'GET /metrics': {
    tag: 'edge',
    summary: 'What this isolate has measured, as Prometheus reads it',
    shows: 'admin',
    query: [networks],
    answers: { 200: { what: 'Text format 0.0.4', content: { 'text/plain': z.string() } } },
    refuses: ['bad-name', 'admin-missing', 'admin-wrong', 'admin-off'],
  },
  'GET /openapi.json': {
    tag: 'edge',
    summary: 'This document',
    answers: { 200: json('OpenAPI 3.1', z.looseObject({ openapi: z.string(), paths: z.looseObject({}) })) },
  },
  'GET /v1/bootstrap': {
    tag: 'edge',
    summary: 'What a client needs to know before its first socket',
    query: [network, peers],
    answers: { 200: json('Versions, limits, ICE servers, and a challenge', BootstrapAnswer) },
    refuses: ['bad-name'],
  },
  'POST /v1/passes': {
    tag: 'edge',
    summary: 'A pass, for a proven key and a stamp',
    query: [network],
    body: {
      what: 'Challenge, stamp, public key and signature, as protocol/crypto/admission/README.md lays them out',
      content: { [OCTETS]: undefined },
    },
    answers: { 200: { what: 'Good for an hour', content: { [JSON_TYPE]: Pass } } },
    refuses: [
      'bad-name',
      'unsupported-media-type',
      'malformed',
      'foreign',
      'expired',
      'forged',
      'spent',
      'wrong-stamp',
      'wrong-key',
      'wrong-signature',
      'blacklisted',
      'busy',
    ],
  },
  'GET /v1/turn': {
    tag: 'edge',
    summary: 'ICE servers, TURN among them where there is one, with credentials of a short life',
    shows: 'pass',
    query: [network],
    answers: { 200: json('All there are, those of the bootstrap too', TurnAnswer) },
    refuses: [
      'bad-name',
      'pass-missing',
      'pass-malformed',
      'pass-expired',
      'pass-forged',
      'pass-foreign',
      'rate-limited',
      'turn-refused',
      'turn-unavailable',
    ],
  },
  'GET /v1/rooms/:room': {
    tag: 'rooms',
    summary: 'A room’s socket',
    description: 'Join and pass ride among the subprotocols: see protocol/wire/WIRE.md.',
    query: [network],
    answers: SOCKET,
    refuses: ['bad-name', 'upgrade-required'],
  },
  'GET /v1/mailboxes/:id': {
    tag: 'mailboxes',
    summary: 'A mailbox’s socket: its owner’s, or a sender’s',
    query: [network],
    answers: SOCKET,
    refuses: ['bad-name', 'upgrade-required'],
  },
}
