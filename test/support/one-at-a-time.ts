// Set up before a file of browsers that move much: it begins when no other such file runs (turnstile.ts).

import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, inject } from 'vitest'

const socket = connect(inject('turnstile'), '127.0.0.1')
await once(socket, 'data')
socket.unref()
afterAll(() => void socket.destroy())
