// What the edge uses of what is billed, as counters that tests measure where they are: rows of a letter in
// test/edge/mailbox-rows.test.ts, rows of an owner's settings in test/edge/mailbox-store.test.ts.

/** Rows written for a letter through its life, put alone or with others. */
export const LETTER_ROWS = { put: 1, delivered: 0, taken: 1 } as const

/** Setting an alarm is a row. One serves all letters that end no earlier than the first. */
export const ALARM_ROWS = 1

/** Once for each mailbox: its tables, its owner's row, its rules. */
export const OPENING_ROWS = 13
