// The units that limits are counted in. The name of a limit ends in its own: `…BYTES_MAX`, `…_MS`.

export const KIB = 1024
export const MIB = 1024 * KIB
