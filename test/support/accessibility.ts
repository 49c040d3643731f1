// Accessibility as far as a script can judge it: names of controls as assistive technology is told them, contrast as the
// browser computed it, and where the Tab key leads.

import type { Page } from 'playwright-core'

const CONTROLS = new Set(['button', 'checkbox', 'combobox', 'DisclosureTriangle', 'link', 'log', 'textbox'])

interface AxNode {
  readonly ignored: boolean
  readonly role?: { readonly value?: unknown }
  readonly name?: { readonly value?: unknown }
}

export interface Control {
  readonly role: string
  readonly name: string
}

/** Every control of the page, as a screen reader is told of it. */
export async function controlsOf(page: Page): Promise<Control[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: readonly AxNode[] }
  await session.detach()
  return nodes
    .filter(({ ignored, role }) => !ignored && CONTROLS.has(String(role?.value)))
    .map(({ role, name }) => ({ role: String(role?.value), name: String(name?.value ?? '') }))
}

/** Texts whose contrast with what is behind them is below this, described. */
export function faintTexts(page: Page, contrastMin: number): Promise<string[]> {
  return page.evaluate((contrastMin) => {
    type Rgba = readonly [red: number, green: number, blue: number, alpha: number]
    const parse = (color: string): Rgba => {
      const found = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(color)
      if (found === null) throw new Error(`cannot read the colour ${color}`)
      return [Number(found[1]), Number(found[2]), Number(found[3]), Number(found[4] ?? 1)]
    }
    const luminance = (color: Rgba) => {
      const [red = 0, green = 0, blue = 0] = color.slice(0, 3).map((channel) => {
        const part = channel / 255
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const groundOf = (element: Element): Rgba => {
      for (let each: Element | null = element; each !== null; each = each.parentElement) {
        const ground = parse(getComputedStyle(each).backgroundColor)
        if (ground[3] === 1) return ground
        if (ground[3] !== 0) throw new Error('a ground that is half transparent cannot be judged')
      }
      throw new Error('nothing is behind the text')
    }
    const contrast = (element: Element, color: string) => {
      const [high = 0, low = 0] = [luminance(parse(color)), luminance(groundOf(element))].sort(
        (a, b) => b - a,
      )
      return (high + 0.05) / (low + 0.05)
    }
    const faint: string[] = []
    const judge = (element: Element, text: string, color: string) => {
      const ratio = contrast(element, color)
      if (ratio < contrastMin) faint.push(`${ratio.toFixed(2)} "${text.trim().slice(0, 40)}" (${color})`)
    }
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.checkVisibility() || element.closest('svg') !== null) continue
      const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
      const said = text.map((node) => node.textContent ?? '').join('')
      if (said.trim() !== '') judge(element, said, getComputedStyle(element).color)
      if (!(element instanceof HTMLInputElement) || element.type === 'checkbox') continue
      judge(element, element.value, getComputedStyle(element).color)
      judge(element, element.placeholder, getComputedStyle(element, '::placeholder').color)
    }
    return faint
  }, contrastMin)
}

export interface TabOrder {
  /** Controls in the order the page has them, and in the order the Tab key reached them. */
  readonly present: readonly string[]
  readonly reached: readonly string[]
  /** Reached, but nothing shows that it is. */
  readonly unmarked: readonly string[]
}

/** Presses Tab from the top of the page to its end. */
export async function tabOrder(page: Page): Promise<TabOrder> {
  const present = await page.evaluate(() => {
    const focusable = 'a[href], button, input, select, summary, [tabindex="0"]'
    const all = [...document.querySelectorAll(focusable)].filter((element) => element.checkVisibility())
    for (const [at, element] of all.entries()) {
      element.setAttribute('data-tab', `${at} ${element.id || element.textContent}`)
    }
    // Tab goes on from what had the focus last, even when it has lost it: so the body gets it.
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
    return all.map((element) => element.getAttribute('data-tab') ?? '')
  })
  const reached: string[] = []
  const unmarked: string[] = []
  for (let pressed = 0; pressed <= present.length; pressed++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element === document.body) return undefined
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const marked = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
      return { name: element.getAttribute('data-tab') ?? element.tagName, marked }
    })
    if (at === undefined) break
    reached.push(at.name)
    if (!at.marked) unmarked.push(at.name)
  }
  return { present, reached, unmarked }
}
