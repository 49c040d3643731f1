// Which network the pages speak of.

/** The network the README's examples use: whoever tries them meets the first page, and is seen on the second. */
export const NETWORK_SHOWN = 'demo'
