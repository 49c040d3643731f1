// The page "Doctor": tells whoever opens it why this browser can connect, or cannot, in plain words. Looks once when it is opened,
// and again when it is asked to.

import { openIdentity } from '../../secure.ts'
import { announce, make, setPill, setText, type Tone } from '../dom.ts'
import type { Page } from '../pages.ts'
import { cryptoFinding, Refusals, storageFinding, webrtcFinding } from './device-checks.ts'
import { askEdge, clockFinding, edgeFinding, passFinding, socketFinding } from './edge-checks.ts'
import { type About, type Finding, reportOf, STATE_WORDS, type State, verdictOf } from './finding.ts'
import { gather } from './ice.ts'
import { natFinding, UDP_UNKNOWN, type Udp, udpFinding, udpOf } from './nat.ts'
import { turnFinding } from './turn-check.ts'

const NETWORK = 'demo'
const TONES: Readonly<Record<State, Tone>> = { ok: 'good', warn: 'relay', bad: 'bad' }
const COPIED_FOR_MS = 2_000

/** What the page is made of, once it is shown. */
interface Parts {
  readonly list: HTMLElement
  readonly verdict: HTMLElement
  readonly again: HTMLButtonElement
  readonly copy: HTMLButtonElement
  readonly report: HTMLElement
  readonly details: HTMLDetailsElement
}

const refusals = new Refusals()

export function open(place: HTMLElement): Page {
  const parts = fill(place)
  parts.again.addEventListener('click', () => void examine(parts))
  parts.copy.addEventListener('click', () => void copyReport(parts))
  void examine(parts)
  return { show() {}, hide() {} }
}

function fill(place: HTMLElement): Parts {
  const verdict = make('p', { class: 'doctor-verdict', id: 'verdict' }, 'Looking…')
  const again = make('button', { type: 'button', class: 'primary', id: 'again' }, 'Look again')
  const copy = make('button', { type: 'button', id: 'copy' }, 'Copy report')
  const list = make('ul', { class: 'findings', id: 'findings', 'aria-label': 'Findings' })
  const report = make('pre', { id: 'report' })
  const summary = make('summary', {}, 'Report as text, without secrets or whole addresses')
  const details = make('details', { id: 'report-details' }, summary, report)
  place.append(
    make(
      'section',
      { class: 'panel doctor', 'aria-labelledby': 'doctor-title' },
      make('h2', { id: 'doctor-title' }, 'Doctor'),
      verdict,
      make('div', { class: 'doctor-actions' }, again, copy),
      list,
      details,
    ),
  )
  return { list, verdict, again, copy, report, details }
}

function rowOf({ id, state, title, what, advice }: Finding): HTMLElement {
  const badge = make('p', { class: 'badge' })
  setPill(badge, TONES[state], STATE_WORDS[state])
  const row = make(
    'li',
    { class: 'finding' },
    make('h3', { class: 'title' }, title),
    badge,
    make('p', { class: 'what' }, what),
    ...(advice === undefined ? [] : [make('p', { class: 'advice' }, advice)]),
  )
  row.dataset.id = id
  row.dataset.state = state
  return row
}

/** In the order in which one thing needs another; each is shown as soon as it is known. */
async function* look(about: { version: string }): AsyncGenerator<Finding> {
  const asked = await askEdge(NETWORK)
  const answer = 'value' in asked ? asked.value : undefined
  about.version = answer?.version ?? 'unknown'
  yield edgeFinding(asked)
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
    // Which servers there are to ask, only the edge can say.
    if (webrtc.state === 'ok' && answer === undefined) yield UDP_UNKNOWN
    if (webrtc.state === 'ok' && answer !== undefined) {
      const gathered = await gather(answer.iceServers)
      if (gathered !== undefined) {
        udp = udpOf(gathered)
        yield udpFinding(udp, gathered)
        yield natFinding(udp)
      }
      yield await turnFinding(NETWORK, answer.turn, pass, udp)
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

async function examine({ list, verdict, again, copy, report }: Parts): Promise<void> {
  again.disabled = true
  copy.disabled = true
  list.replaceChildren()
  setText(verdict, 'Looking…')
  list.setAttribute('aria-busy', 'true')
  const about = { version: 'unknown' }
  const findings: Finding[] = []
  for await (const finding of look(about)) {
    findings.push(finding)
    list.append(rowOf(finding))
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

async function copyReport({ copy, report, details }: Parts): Promise<void> {
  try {
    await navigator.clipboard.writeText(report.textContent ?? '')
  } catch {
    // No clipboard here; the text is on the page, selected now.
    details.open = true
    getSelection()?.selectAllChildren(report)
    return
  }
  setText(copy, 'Copied')
  announce('Report copied')
  setTimeout(() => setText(copy, 'Copy report'), COPIED_FOR_MS)
}
