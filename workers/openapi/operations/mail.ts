// Routes about mailboxes.

import type { HttpErrorCode } from '../../errors.ts'
import {
  AccessRules,
  LetterPut,
  LettersPage,
  LettersTaken,
  PrekeysDrawn,
  PrekeysPublished,
  QueueStats,
} from '../bodies/mail.ts'
import { JSON_TYPE, json, OCTETS, type Operation } from '../operation.ts'
import { challengeOnly, cursor, network, pageLimit } from '../parameters.ts'

const NOT_OWNER = [
  'bad-name',
  'pass-missing',
  'pass-malformed',
  'pass-expired',
  'pass-forged',
  'pass-foreign',
] as const satisfies readonly HttpErrorCode[]

export const MAIL: Readonly<Record<string, Operation>> = {
  'POST /v1/mailboxes/:id/messages': {
    tag: 'mailboxes',
    summary: 'Put a letter',
    query: [network],
    body: {
      what: 'Priority, time to live, proof and envelope (protocol/wire/WIRE.md)',
      content: { [OCTETS]: undefined },
    },
    answers: { 200: json('It was there already', LetterPut), 201: json('It is kept', LetterPut) },
    refuses: [
      'bad-name',
      'unsupported-media-type',
      'malformed',
      'too-large',
      'over-quota',
      'rate-limited',
      'bad-access',
      'bad-stamp',
      'stale-stamp',
      'blocked',
      'no-such-mailbox',
    ],
  },
  'GET /v1/mailboxes/:id/messages': {
    tag: 'mailboxes',
    summary: 'Letters that wait',
    shows: 'pass',
    query: [network, cursor, pageLimit],
    answers: { 200: json('A page of them', LettersPage) },
    refuses: [...NOT_OWNER, 'malformed'],
  },
  'DELETE /v1/mailboxes/:id/messages/:ids': {
    tag: 'mailboxes',
    summary: 'Take letters: they are deleted',
    shows: 'pass',
    query: [network],
    answers: { 200: json('How many of them there were', LettersTaken) },
    refuses: [...NOT_OWNER, 'malformed', 'too-large'],
  },
  'PUT /v1/mailboxes/:id/prekeys': {
    tag: 'mailboxes',
    summary: 'Publish prekeys',
    shows: 'pass',
    query: [network],
    body: { what: 'A publication (protocol/crypto/mail/README.md)', content: { [OCTETS]: undefined } },
    answers: { 200: json('They are laid out', PrekeysPublished) },
    refuses: [
      ...NOT_OWNER,
      'unsupported-media-type',
      'malformed',
      'too-large',
      'wrong-key',
      'expired',
      'wrong-signature',
    ],
  },
  'GET /v1/mailboxes/:id/prekeys': {
    tag: 'mailboxes',
    summary: 'What a first letter needs: prekeys, and a challenge',
    query: [network, challengeOnly],
    answers: { 200: json('One-time prekeys are given once', PrekeysDrawn) },
    refuses: ['bad-name', 'malformed', 'no-such-mailbox'],
  },
  'PUT /v1/mailboxes/:id/access': {
    tag: 'mailboxes',
    summary: 'Who may write without a stamp, and whether others may write at all',
    shows: 'pass',
    query: [network],
    body: { what: 'The rules, all of them', content: { [JSON_TYPE]: AccessRules } },
    answers: { 204: { what: 'They hold' } },
    refuses: [...NOT_OWNER, 'unsupported-media-type', 'malformed', 'too-large'],
  },
  'GET /network/queue/stats': {
    tag: 'network',
    summary: 'What waits in all mailboxes of a network, and what became of what came',
    query: [network],
    answers: { 200: json('Summed over all of them', QueueStats) },
    refuses: ['bad-name'],
  },
}
