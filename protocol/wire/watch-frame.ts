// The frame by which members of a room report how their links do: of the registry, and apart from it, since this file is loaded by a page
// after its first script, which has the registry in it. network/README.md shows the frame.

export const WATCH_FRAME = {
  report: 0x1a, // 1 native + 4 delivered + 4 failed + repeated, at most 24: 4 address + 1 direct + 2 round trip ms. Exact
} as const
