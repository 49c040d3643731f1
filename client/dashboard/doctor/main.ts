// The doctor: tells whoever opens it why this browser can connect, or cannot, in plain words. Looks once when it is opened, and
// again when it is asked to.

import { openIdentity } from '../../secure.ts'
import { announce, copyOf, find, setPill, setText, type Tone } from '../dom.ts'
import { cryptoFinding, Refusals, storageFinding, webrtcFinding } from './device-checks.ts'
import { askEdge, clockFinding, edgeFinding, passFinding, socketFinding } from './edge-checks.ts'
import { type About, type Finding, reportOf, STATE_WORDS, type State, verdictOf } from './finding.ts'
import { gather } from './ice.ts'
import { natFinding, type Udp, udpFinding, udpOf } from './nat.ts'
import { turnFinding } from './turn-check.ts'

const NETWORK = 'demo'
const TONES: Readonly<Record<State, Tone>> = { ok: 'good', warn: 'relay', bad: 'bad' }
const COPIED_FOR_MS = 2_000

const list = find(document, '#findings', HTMLElement)
const verdict = find(document, '#verdict', HTMLElement)
const again = find(document, '#again', HTMLButtonElement)
const copy = find(document, '#copy', HTMLButtonElement)
const report = find(document, '#report', HTMLElement)
const refusals = new Refusals()

function show(finding: Finding): void {
  const row = copyOf('#finding-template', HTMLLIElement)
  row.dataset.id = finding.id
  row.dataset.state = finding.state
  setText(find(row, '.title', HTMLElement), finding.title)
  setPill(find(row, '.badge', HTMLElement), TONES[finding.state], STATE_WORDS[finding.state])
  setText(find(row, '.what', HTMLElement), finding.what)
  const advice = find(row, '.advice', HTMLElement)
  advice.hidden = finding.advice === undefined
  setText(advice, finding.advice ?? '')
  list.append(row)
}

/** In the order in which one thing needs another; each is shown as soon as it is known. */
async function* look(about: { version: string }): AsyncGenerator<Finding> {
  const answer = await askEdge(NETWORK)
  about.version = answer?.version ?? 'unknown'
  yield edgeFinding(answer)
  const keys = await openIdentity(undefined, false, {
    bases: [new URL('/', location.href)],
    network: NETWORK,
  })
  try {
    yield await socketFinding(NETWORK, keys.identity.id)
    const { finding, pass } = await passFinding(keys, answer?.challenge ?? '')
    yield finding
    const webrtc = webrtcFinding()
    yield webrtc
    let udp: Udp | undefined
    if (webrtc.state === 'ok') {
      const gathered = await gather(answer?.iceServers ?? [])
      if (gathered !== undefined) {
        udp = udpOf(gathered)
        yield udpFinding(udp, gathered)
        yield natFinding(udp)
      }
      yield await turnFinding(NETWORK, answer?.turn === true, pass, udp)
    }
    yield clockFinding(answer?.aheadMs)
    yield cryptoFinding(keys.suite.status)
  } finally {
    keys.passes.close()
    await keys.release()
  }
  yield await storageFinding()
  yield await refusals.finding()
}

async function examine(): Promise<void> {
  again.disabled = true
  copy.disabled = true
  list.replaceChildren()
  setText(verdict, 'Looking…')
  list.setAttribute('aria-busy', 'true')
  const about = { version: 'unknown' }
  const findings: Finding[] = []
  for await (const finding of look(about)) {
    findings.push(finding)
    show(finding)
  }
  const said = verdictOf(findings)
  setText(verdict, said)
  announce(said)
  const facts: About = { edge: location.host, browser: navigator.userAgent, at: new Date(), ...about }
  setText(report, reportOf(facts, findings))
  list.setAttribute('aria-busy', 'false')
  again.disabled = false
  copy.disabled = false
}

async function copyReport(): Promise<void> {
  try {
    await navigator.clipboard.writeText(report.textContent ?? '')
  } catch {
    // No clipboard here; the text is on the page, selected now.
    const details = find(document, '#report-details', HTMLDetailsElement)
    details.open = true
    getSelection()?.selectAllChildren(report)
    return
  }
  setText(copy, 'Copied')
  announce('Report copied')
  setTimeout(() => setText(copy, 'Copy report'), COPIED_FOR_MS)
}

again.addEventListener('click', () => void examine())
copy.addEventListener('click', () => void copyReport())
setText(find(document, '#host', HTMLElement), location.host)
void examine()
