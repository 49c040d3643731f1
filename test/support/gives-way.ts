// Set up before files that only compute: they have what the machine has left, beside browsers that move much.

import { setPriority } from 'node:os'

const LATER = 10

setPriority(LATER)
