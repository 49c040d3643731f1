// The few things every part of the page does with the document. Text goes in as text only: nothing here, or anywhere in
// the dashboard, parses markup.

/** The one element this selector finds, of the kind it must be. A page without it is a mistake of ours. */
export function find<E extends Element>(within: ParentNode, selector: string, kind: new () => E): E {
  const found = within.querySelector(selector)
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} at '${selector}'`)
  return found
}

/** An element with its attributes and what it holds; text goes in as text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...content)
  return element
}

/** Sets text only where it changed, so that a selection stays and nothing is laid out anew. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A copy of a template's one element. */
export function copyOf<E extends Element>(template: string, kind: new () => E): E {
  const { content } = find(document, template, HTMLTemplateElement)
  const copy = content.firstElementChild?.cloneNode(true)
  if (!(copy instanceof kind)) throw new Error(`the template '${template}' holds no ${kind.name}`)
  return copy
}

/** Adds at the end, forgets the oldest, and keeps showing the end to whoever was looking at it. */
export function append(list: Element, item: Element, within: Element, itemsMax: number): void {
  const atEnd = within.scrollHeight - within.scrollTop - within.clientHeight < 40
  list.append(item)
  while (list.childElementCount > itemsMax) list.firstElementChild?.remove()
  if (atEnd) within.scrollTop = within.scrollHeight
}

/** Replaces what a definition list says. */
export function define(list: HTMLElement, facts: readonly (readonly [term: string, value: string])[]): void {
  facts.forEach(([term, value], at) => {
    const row = list.children[at] ?? list.appendChild(newFact())
    const [name, said] = row.children
    if (name !== undefined) setText(name, term)
    if (said !== undefined) setText(said, value)
  })
  while (list.children.length > facts.length) list.lastElementChild?.remove()
}

function newFact(): HTMLElement {
  const row = document.createElement('div')
  row.append(document.createElement('dt'), document.createElement('dd'))
  return row
}

export type Tone = 'good' | 'relay' | 'bad' | 'quiet'

/** A short state in words, with a colour and a shape that say the same. */
export function setPill(pill: HTMLElement, tone: Tone, text: string): void {
  pill.dataset.tone = tone
  setText(pill, text)
}

const ANNOUNCED_FOR_MS = 5_000

/** Says something to those who listen to the page: what others see happen. */
export function announce(text: string): void {
  const line = document.createElement('p')
  line.textContent = text
  find(document, '#announcer', HTMLElement).append(line)
  setTimeout(() => line.remove(), ANNOUNCED_FOR_MS)
}
