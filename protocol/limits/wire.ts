// Limits of a socket's messages, whoever is at its other end.

/**
 * One WebSocket message, either way. 64 KiB less one byte, so that a frame's length inside a batch fits 16 bits; big
 * enough that the price of a message (about 50 µs of the object, whatever its size) is spread over real data, small
 * enough that one member cannot hold the object for long. Beyond it: refusal `too-large`, the frame is dropped.
 */
export const MESSAGE_BYTES_MAX = 65_535

/** Frames in one batch. 64 small frames are what 5 ms of a busy sender makes. Beyond it: the batch is malformed. */
export const BATCH_FRAMES_MAX = 64
