// Charts of what the edge remembers: one for each question, all over the same time, with the newest value in words.

import uPlot from 'uplot'
import { make, setText } from '../dom.ts'
import type { HistoryPoint } from '../edge/shapes.ts'
import { columnHead, scrolling } from '../table.ts'
import { bytes, clock, count, duration, milliseconds } from '../words.ts'

interface Line {
  readonly label: string
  readonly color: 'accent' | 'relay' | 'bad' | 'good'
  /** `seconds`: since the point before, which counts are of. Null where nothing is known. */
  readonly value: (point: HistoryPoint, seconds: number) => number | null
}

interface Question {
  readonly title: string
  readonly lines: readonly Line[]
  readonly words: (value: number) => string
  readonly max?: number
}

const perSecond = (value: number) => `${count(Math.round(value * 10) / 10)}/s`

const QUESTIONS: readonly Question[] = [
  {
    title: 'Peers and rooms',
    lines: [
      { label: 'peers', color: 'accent', value: ({ peers }) => peers },
      { label: 'rooms', color: 'relay', value: ({ rooms }) => rooms },
    ],
    words: count,
  },
  {
    title: 'Messages',
    lines: [{ label: 'messages', color: 'accent', value: ({ messages }, seconds) => messages / seconds }],
    words: perSecond,
  },
  {
    title: 'Bytes',
    lines: [{ label: 'bytes', color: 'accent', value: (point, seconds) => point.bytes / seconds }],
    words: (value) => `${bytes(value)}/s`,
  },
  {
    title: 'Refused',
    lines: [{ label: 'refused', color: 'bad', value: ({ refused }, seconds) => refused / seconds }],
    words: perSecond,
  },
  {
    title: 'Median round trip',
    lines: [{ label: 'round trip', color: 'accent', value: ({ medianRttMs }) => medianRttMs }],
    words: (value) => `${value === 0 ? '0' : milliseconds(value)} ms`,
  },
  {
    title: 'Direct links',
    lines: [
      {
        label: 'share of direct links',
        color: 'good',
        value: ({ direct, relay }) => (direct + relay === 0 ? null : (100 * direct) / (direct + relay)),
      },
    ],
    words: (value) => `${Math.round(value)} %`,
    max: 100,
  },
]

const HEIGHT = 116
const TABLE_ROWS = 12

export class Charts {
  readonly element: HTMLElement
  readonly #charts = QUESTIONS.map((question) => new Chart(question))
  readonly #span = make('p', { class: 'empty' }, 'No history yet.')
  readonly #table = make('tbody')

  constructor() {
    const head = ['Time', ...QUESTIONS.flatMap(({ lines }) => lines.map(({ label }) => label))]
    this.element = make(
      'section',
      { class: 'panel charts-panel', 'aria-labelledby': 'charts-title' },
      make('div', { class: 'panel-head' }, make('h2', { id: 'charts-title' }, 'Over time'), this.#span),
      make('div', { class: 'charts' }, ...this.#charts.map(({ element }) => element)),
      make(
        'details',
        {},
        make('summary', {}, 'The newest figures as a table'),
        scrolling(
          'The newest figures',
          make('table', {}, make('thead', {}, make('tr', {}, ...head.map(columnHead))), this.#table),
        ),
      ),
    )
    const redraw = () => {
      for (const chart of this.#charts) chart.restyle()
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  }

  show(history: readonly HistoryPoint[]): void {
    const [first, last] = [history[0], history.at(-1)]
    setText(
      this.#span,
      first === undefined || last === undefined || first === last
        ? 'There is no history yet: it grows while somebody is in the network.'
        : `The last ${duration(last.atMs - first.atMs)}, until ${clock(new Date(last.atMs))}.`,
    )
    const seconds = secondsOf(history)
    for (const chart of this.#charts) chart.show(history, seconds)
    this.#fillTable(history, seconds)
  }

  #fillTable(history: readonly HistoryPoint[], seconds: readonly number[]): void {
    const rows = history.map((point, at) => {
      const cells = QUESTIONS.flatMap(({ lines, words }) =>
        lines.map(({ value }) => {
          const known = value(point, seconds[at] ?? 1)
          return make('td', {}, known === null ? '–' : words(known))
        }),
      )
      return make('tr', {}, make('th', { scope: 'row' }, clock(new Date(point.atMs))), ...cells)
    })
    this.#table.replaceChildren(...rows.slice(-TABLE_ROWS).reverse())
  }
}

/** Between each point and the one before it. Of the first nobody knows: as long as the second took. */
function secondsOf(history: readonly HistoryPoint[]): number[] {
  const between = history.map(({ atMs }, at) => Math.max(1, (atMs - (history[at - 1]?.atMs ?? 0)) / 1_000))
  if (between.length > 0) between[0] = between[1] ?? 30
  return between
}

class Chart {
  readonly element: HTMLElement
  readonly #question: Question
  readonly #now = make('p', { class: 'chart-now' }, '–')
  readonly #place = make('div', { class: 'chart-place', 'aria-hidden': 'true' })
  readonly #title: HTMLElement
  #plot: uPlot | undefined
  #data: uPlot.AlignedData = [[]]

  constructor(question: Question) {
    this.#question = question
    this.#title = make('figcaption', {}, question.title)
    this.element = make('figure', { class: 'chart' }, this.#title, this.#now, this.#place)
    new ResizeObserver(() => this.#resize()).observe(this.#place)
  }

  show(history: readonly HistoryPoint[], seconds: readonly number[]): void {
    const { lines, words } = this.#question
    const columns = lines.map(({ value }) => history.map((point, at) => value(point, seconds[at] ?? 1)))
    this.#data = [history.map(({ atMs }) => atMs / 1_000), ...columns]
    const newest = lines.map(({ label }, at) => {
      const value = columns[at]?.at(-1)
      const said = value === null || value === undefined ? 'not known' : words(value)
      return lines.length > 1 ? `${said} ${label}` : said
    })
    setText(this.#now, newest.join(', '))
    this.#plot?.setData(this.#data)
    this.#resize()
  }

  restyle(): void {
    this.#plot?.destroy()
    this.#plot = undefined
    this.#resize()
  }

  #resize(): void {
    const width = this.#place.clientWidth
    if (width === 0 || (this.#data[0]?.length ?? 0) === 0) return
    if (this.#plot === undefined) this.#plot = new uPlot(this.#options(width), this.#data, this.#place)
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT })
  }

  #options(width: number): uPlot.Options {
    const style = getComputedStyle(this.#place)
    const color = (name: string) => style.getPropertyValue(`--${name}`).trim()
    const axis = {
      stroke: color('muted'),
      font: `11px ${style.fontFamily}`,
      grid: { stroke: color('line'), width: 1 },
      ticks: { show: false },
    }
    const { lines, words, max } = this.#question
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: 'history' }, drag: { x: false, y: false }, y: false },
      // All charts begin at nothing: half as much is to look half as high.
      scales: { y: { range: (_, __, top) => [0, max ?? Math.max(1, top * 1.1)] } },
      axes: [
        {
          ...axis,
          space: 70,
          size: 26,
          values: (_, times) => times.map((each) => clock(new Date(each * 1_000)).slice(0, 5)),
        },
        { ...axis, space: 32, size: 64, values: (_, values) => values.map((each) => words(each)) },
      ],
      series: [
        {},
        ...lines.map((line, at) => ({
          label: line.label,
          stroke: color(line.color),
          width: 1.75,
          // A second line differs by more than its colour.
          ...(at > 0 ? { dash: [5, 3] } : {}),
          points: { show: false },
        })),
      ],
    }
  }
}
