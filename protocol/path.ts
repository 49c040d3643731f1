// The ways bytes travel for a link, as one word for each kind.

export type PathName = 'webrtc' | 'relay'
