// Why somebody is not admitted: every check of this folder answers with what it checked, or with one of these words.

export const ADMISSION_REFUSALS = [
  'malformed', // of no length, form or value we ever make
  'foreign', // made for another use, origin, network or resource than it is shown to
  'expired', // outside its time
  'forged', // not made with a key of ours, or altered since
  'spent', // this challenge was answered as often as it may be
  'wrong-stamp', // the work is not done, or was done for somebody else
  'wrong-key', // the key, or the pass, is not that of the peer it is shown for
  'wrong-signature', // not signed by this key, for this use, over these bytes
] as const

export type AdmissionRefusal = (typeof ADMISSION_REFUSALS)[number]
