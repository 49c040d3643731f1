// `npm run test:nat [-- pairs failover turn doctor]`: links between real browsers behind emulated NATs. Apart from `npm test`, since it
// needs root, a kernel with network namespaces, the emulator beside the project, and ten minutes.

import { diagnoses, TWO_STUN_SERVERS } from './doctor.ts'
import { failover } from './failover.ts'
import { Lab, missing } from './lab.ts'
import { pairs, TYPES } from './pairs.ts'
import { LAB_TURN, throughTurn, UNREACHABLE } from './turn.ts'

const lacking = missing()
if (lacking !== undefined) {
  process.stdout.write(`not run: ${lacking}\n`)
  process.exit(2)
}

const parts = process.argv.slice(2)
const wants = (part: string) => parts.length === 0 || parts.includes(part)
const print = (line: string) => process.stdout.write(`${line}\n`)
const problems: string[] = []

async function within(nats: string[], work: (lab: Lab) => Promise<string[]>, vars = {}): Promise<void> {
  const lab = await Lab.upWith(vars, ...nats)
  try {
    problems.push(...(await work(lab)))
  } finally {
    await lab.down()
  }
}

if (wants('pairs')) {
  const nats = TYPES.flatMap((type) => ['a', 'b'].map((end) => `${type}-${end}=${type}`))
  await within(nats, (lab) => pairs(lab, print))
}
if (wants('failover')) await within([], (lab) => failover(lab, print))
if (wants('doctor')) {
  const nats = TYPES.map((type) => `${type}-a=${type}`)
  await within(nats, (lab) => diagnoses(lab, print), { ...LAB_TURN, ...TWO_STUN_SERVERS })
}
if (wants('turn')) await within(UNREACHABLE, (lab) => throughTurn(lab, print), LAB_TURN)
for (const problem of problems) print(`problem: ${problem}`)
process.exit(problems.length === 0 ? 0 : 1)
