// The application's own trace, which edges are to go on with: as a parameter of each address they are asked at, since a browser's socket
// takes no headers, and a header of ours would make a browser ask the edge first whether it may be sent.

let current = ''

/** Of this page, or process: from now on whatever is asked of edges is asked as part of this trace; until there is another, or none. */
export function traceAs(traceparent: string | undefined): void {
  if (traceparent !== undefined && !/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent))
    throw new TypeError('traceAs: a traceparent is 00-<32 hex>-<16 hex>-<2 hex>')
  current = traceparent ?? ''
}

/** An address that has a query already. */
export const traced = (url: URL | string): string => `${url}${current && `&traceparent=${current}`}`
