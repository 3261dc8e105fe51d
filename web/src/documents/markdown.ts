// Draws a document's Markdown as nodes of the page. Nodes are made one by one, never from markup: HTML in a text is
// shown as it is written. Blocks that did not change keep their nodes, so that live components stay as they are.
import { GFM, parser } from '@lezer/markdown'
import type { SyntaxNode } from '@lezer/common'
import { address } from './sanitise.ts'
import { componentIn } from './link.ts'

const reader = parser.configure([GFM])

/** A component in a drawn text; `line` follows the text. */
export interface Spot {
  line: number
  caption: string
  link: string
}

interface Block {
  key: string
  element: HTMLElement
  spot: Spot | null
  stop: (() => void) | undefined
}

interface Drawing {
  text: string
  references: ReadonlyMap<string, string>
}

const HEADING = /^(?:ATXHeading|SetextHeading)([1-6])$/
/** Nothing is drawn of these. */
const MARKS: ReadonlySet<string> = new Set(['HeaderMark', 'QuoteMark', 'ListMark', 'LinkMark', 'EmphasisMark', 'CodeMark', 'CodeInfo', 'LinkTitle', 'TaskMarker', 'StrikethroughMark', 'TableDelimiter', 'LinkReference', 'LinkLabel'])

/** Keeps what is drawn in an element like a text. */
export class Painter {
  #blocks: Block[] = []

  /** @param live makes a component live in a node; returns the way to end it */
  constructor(readonly target: HTMLElement, readonly live: (holder: HTMLElement, spot: Spot) => () => void) {}

  paint(text: string): void {
    const known = new Map<string, Block[]>()
    for (const each of this.#blocks) known.set(each.key, [...(known.get(each.key) ?? []), each])
    const next: Block[] = []
    const drawing = { text, references: referencesOf(text) }
    const referred = JSON.stringify([...drawing.references])
    let level = 0
    let line = 1
    let counted = 0
    for (let node = reader.parse(text).topNode.firstChild; node; node = node.nextSibling) {
      const source = text.slice(node.from, node.to)
      line += newLines(text, counted, node.from)
      counted = node.from
      const depth = Number(HEADING.exec(node.name)?.[1] ?? 0)
      // Levels are not skipped, so that the order of headings is sound whatever was written; looks stay as written.
      if (depth > 0) level = Math.min(depth, level + 1)
      const component = node.name === 'Paragraph' && !source.includes('\n') ? componentIn(source) : null
      const key = component ? `c ${component.caption} ${component.link}` : `${node.name} ${depth > 0 ? level : ''} ${source.includes('][') ? referred : ''} ${source}`
      const old = known.get(key)?.shift()
      if (old?.spot) old.spot.line = line
      next.push(old ?? this.#make(key, node, drawing, level, component ? { line, ...component } : null))
    }
    for (const left of [...known.values()].flat()) {
      left.stop?.()
      left.element.remove()
    }
    let at = this.target.firstChild
    for (const { element } of next) {
      if (element === at) at = at.nextSibling
      else this.target.insertBefore(element, at)
    }
    this.#blocks = next
  }

  end(): void {
    for (const { stop } of this.#blocks) stop?.()
    this.#blocks = []
    this.target.replaceChildren()
  }

  #make(key: string, node: SyntaxNode, drawing: Drawing, level: number, spot: Spot | null): Block {
    const element = spot ? document.createElement('div') : wrapped(block(node, drawing, level))
    if (spot) element.className = 'spot'
    return { key, element, spot, stop: spot ? this.live(element, spot) : undefined }
  }
}

/** Draws a text once, without live components: an older version, a preview. */
export function draw(text: string): DocumentFragment {
  const drawing = { text, references: referencesOf(text) }
  const made = document.createDocumentFragment()
  let level = 0
  for (let node = reader.parse(text).topNode.firstChild; node; node = node.nextSibling) {
    const depth = Number(HEADING.exec(node.name)?.[1] ?? 0)
    if (depth > 0) level = Math.min(depth, level + 1)
    made.append(block(node, drawing, level))
  }
  return made
}

function newLines(text: string, from: number, to: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

function wrapped(node: Node): HTMLElement {
  if (node instanceof HTMLElement) return node
  const made = document.createElement('div')
  made.append(node)
  return made
}

function element(name: string, ...inside: Node[]): HTMLElement {
  const made = document.createElement(name)
  made.append(...inside)
  return made
}

function block(node: SyntaxNode, drawing: Drawing, level: number): Node {
  const { name } = node
  const depth = Number(HEADING.exec(name)?.[1] ?? 0)
  if (depth > 0) {
    const made = withDirection(element(`h${Math.max(1, level)}`, ...inline(node, drawing, true)))
    made.className = `h${depth}`
    return made
  }
  if (name === 'Paragraph') return withDirection(element('p', ...inline(node, drawing)))
  if (name === 'Blockquote') return element('blockquote', ...blocks(node, drawing))
  if (name === 'BulletList' || name === 'OrderedList') return list(node, drawing)
  if (name === 'FencedCode' || name === 'CodeBlock') return code(node, drawing)
  if (name === 'HorizontalRule') return document.createElement('hr')
  if (name === 'Table') return table(node, drawing)
  if (name === 'LinkReference') return document.createComment('')
  const raw = element('p', document.createTextNode(drawing.text.slice(node.from, node.to)))
  raw.className = 'raw'
  return raw
}

function withDirection(made: HTMLElement): HTMLElement {
  made.dir = 'auto'
  return made
}

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child)
  return found
}

function blocks(node: SyntaxNode, drawing: Drawing): Node[] {
  return children(node).filter(({ name }) => !MARKS.has(name)).map((child) => block(child, drawing, 6))
}

function list(node: SyntaxNode, drawing: Drawing): HTMLElement {
  const made = document.createElement(node.name === 'OrderedList' ? 'ol' : 'ul')
  const start = Number.parseInt(drawing.text.slice(node.from, node.from + 10), 10)
  if (made instanceof HTMLOListElement && start > 1) made.start = start
  for (const item of children(node)) if (item.name === 'ListItem') made.append(listItem(item, drawing))
  return made
}

function listItem(item: SyntaxNode, drawing: Drawing): HTMLElement {
  const made = withDirection(document.createElement('li'))
  for (const child of children(item)) {
    if (MARKS.has(child.name)) continue
    if (child.name === 'Task') {
      const isDone = /^\[[xX]\]/.test(drawing.text.slice(child.from, child.to))
      made.className = isDone ? 'task done' : 'task'
      const box = element('span', document.createTextNode(isDone ? '☑ ' : '☐ '))
      made.append(box, ...inline(child, drawing, true))
    } else if (child.name === 'Paragraph') made.append(...(made.childNodes.length > 0 ? [element('p', ...inline(child, drawing))] : inline(child, drawing)))
    else made.append(block(child, drawing, 6))
  }
  return made
}

function code(node: SyntaxNode, { text }: Drawing): HTMLElement {
  const lines = children(node).filter(({ name }) => name === 'CodeText').map(({ from, to }) => text.slice(from, to))
  const made = element('pre', element('code', document.createTextNode(lines.join(''))))
  made.tabIndex = 0
  return made
}

function table(node: SyntaxNode, drawing: Drawing): HTMLElement {
  const rule = children(node).find(({ name }) => name === 'TableDelimiter')
  const aligns = (rule ? drawing.text.slice(rule.from, rule.to) : '').replace(/^\s*\||\|\s*$/g, '').split('|').map((cell) => {
    const trimmed = cell.trim()
    return trimmed.endsWith(':') ? (trimmed.startsWith(':') ? 'to-center' : 'to-right') : ''
  })
  const made = document.createElement('table')
  const body = document.createElement('tbody')
  for (const row of children(node)) {
    if (row.name !== 'TableHeader' && row.name !== 'TableRow') continue
    const isHead = row.name === 'TableHeader'
    const line = document.createElement('tr')
    cells(row, drawing).forEach((inside, index) => {
      const cell = withDirection(element(isHead ? 'th' : 'td', ...inside))
      if (isHead) cell.setAttribute('scope', 'col')
      if (aligns[index]) cell.className = aligns[index] ?? ''
      line.append(cell)
    })
    if (isHead) made.append(element('thead', line))
    else body.append(line)
  }
  made.append(body)
  const area = element('div', made)
  area.className = 'wide'
  area.tabIndex = 0
  return area
}

/** Cells between the bars; an empty one has no node of its own. */
function cells(row: SyntaxNode, drawing: Drawing): Node[][] {
  const found: Node[][] = []
  let isOpen = true
  for (const child of children(row)) {
    if (child.name === 'TableCell') {
      found.push(inline(child, drawing))
      isOpen = false
    } else if (child.name === 'TableDelimiter') {
      if (isOpen && child.from > row.from) found.push([])
      isOpen = true
    }
  }
  return found
}

function inline(node: SyntaxNode, drawing: Drawing, isTrimmed = false): Node[] {
  const found: Node[] = []
  let at = node.from
  const text = (to: number) => {
    if (to > at) found.push(document.createTextNode(drawing.text.slice(at, to)))
  }
  for (const child of children(node)) {
    text(child.from)
    found.push(...piece(child, drawing))
    at = child.to
  }
  text(node.to)
  const first = found[0]
  if (isTrimmed && first?.nodeType === Node.TEXT_NODE) first.nodeValue = first.nodeValue?.trimStart() ?? ''
  return found
}

function piece(node: SyntaxNode, drawing: Drawing): Node[] {
  const { name } = node
  const source = drawing.text.slice(node.from, node.to)
  if (MARKS.has(name)) return []
  if (name === 'Emphasis') return [element('em', ...inline(node, drawing))]
  if (name === 'StrongEmphasis') return [element('strong', ...inline(node, drawing))]
  if (name === 'Strikethrough') return [element('del', ...inline(node, drawing))]
  if (name === 'InlineCode') return [element('code', document.createTextNode(source.replace(/^`+|`+$/g, '').replace(/^ (.*) $/, '$1')))]
  if (name === 'HardBreak') return [document.createElement('br')]
  if (name === 'Escape') return [document.createTextNode(source.slice(1))]
  if (name === 'Entity') return [document.createTextNode(decoded(source))]
  if (name === 'Autolink' || name === 'URL') return [anchor(source.replace(/^<|>$/g, ''), [document.createTextNode(source.replace(/^<|>$/g, ''))])]
  if (name === 'Link' || name === 'Image') return [linked(node, drawing)]
  return [document.createTextNode(source)]
}

function linked(node: SyntaxNode, drawing: Drawing): Node {
  const url = node.getChild('URL')
  const label = node.getChild('LinkLabel')
  const marks = node.getChildren('LinkMark')
  const to = marks[1]?.from ?? node.to
  const words = drawing.text.slice((marks[0]?.to ?? node.from), to)
  const href = url ? drawing.text.slice(url.from, url.to).replace(/^<|>$/g, '') : drawing.references.get(normal(label ? drawing.text.slice(label.from + 1, label.to - 1) || words : words))
  if (href === undefined) return document.createTextNode(drawing.text.slice(node.from, node.to))
  // A picture within a line is a link to it: pictures of members stand as components, others' are not loaded.
  const inside = node.name === 'Image' ? [document.createTextNode(words || href)] : inline(node, drawing).length > 0 ? inlineBetween(node, drawing, marks[0]?.to ?? node.from, to) : []
  return anchor(href, inside.length > 0 ? inside : [document.createTextNode(href)])
}

function inlineBetween(node: SyntaxNode, drawing: Drawing, from: number, to: number): Node[] {
  const found: Node[] = []
  let at = from
  for (const child of children(node)) {
    if (child.from < from || child.to > to) continue
    if (child.from > at) found.push(document.createTextNode(drawing.text.slice(at, child.from)))
    found.push(...piece(child, drawing))
    at = child.to
  }
  if (to > at) found.push(document.createTextNode(drawing.text.slice(at, to)))
  return found
}

function anchor(href: string, inside: Node[]): HTMLElement {
  const made = element('a', ...inside)
  address(made, /^www\./i.test(href) ? `https://${href}` : /^[^\s/:@]+@[^\s/:@]+$/.test(href) ? `mailto:${href}` : href)
  return made.hasAttribute('href') ? made : element('span', ...inside)
}

/** Decodes a named or numbered character; a textarea's text is never markup. */
function decoded(entity: string): string {
  const box = document.createElement('textarea')
  box.innerHTML = entity.replaceAll('<', '&lt;')
  return box.value
}

function normal(label: string): string {
  return label.trim().replace(/\s+/g, ' ').toLowerCase()
}

function referencesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, label = '', url = ''] of text.matchAll(/^ {0,3}\[([^\]\n]{1,200})\]:\s*<?([^\s<>]+)>?/gm)) if (!found.has(normal(label))) found.set(normal(label), url)
  return found
}
