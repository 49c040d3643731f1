// Routes about the blacklist, for administrators.

import type { HttpErrorCode } from '../../errors.ts'
import { Audit, Blacklist, Listing, ListingWanted } from '../bodies/protection.ts'
import { JSON_TYPE, json, type Operation } from '../operation.ts'
import { network } from '../parameters.ts'

const NOT_ADMIN = ['admin-missing', 'admin-wrong', 'admin-off'] as const satisfies readonly HttpErrorCode[]

export const PROTECTION: Readonly<Record<string, Operation>> = {
  'GET /network/blacklist': {
    tag: 'network',
    summary: 'Who is listed in a network',
    shows: 'admin',
    query: [network],
    answers: { 200: json('Those listed last first', Blacklist) },
    refuses: [...NOT_ADMIN, 'bad-name'],
  },
  'POST /network/blacklist': {
    tag: 'network',
    summary: 'List a peer',
    shows: 'admin',
    body: { what: 'Whom, why, and until when', content: { [JSON_TYPE]: ListingWanted } },
    answers: { 201: json('It is listed', Listing) },
    refuses: [...NOT_ADMIN, 'unsupported-media-type', 'over-quota'],
  },
  'DELETE /network/blacklist/:id': {
    tag: 'network',
    summary: 'Take a peer off the list',
    shows: 'admin',
    query: [network],
    answers: { 204: { what: 'It is not listed any more' } },
    refuses: [...NOT_ADMIN, 'bad-name', 'no-such-listing'],
  },
  'GET /network/audit': {
    tag: 'network',
    summary: 'What administrators did',
    shows: 'admin',
    query: [network],
    answers: { 200: json('The newest first', Audit) },
    refuses: [...NOT_ADMIN, 'bad-name'],
  },
}
