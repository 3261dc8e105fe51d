// Markup made of somebody's file, taken apart and built anew: only elements and attributes of the lists below come
// through, as new nodes. The peer sanitises before; this does not trust it to have done so.
import { linkIn, goAddress } from './link.ts'

/** What comes through as it is. Headings become paragraphs: they would break the order of the document around. */
const ELEMENTS: ReadonlySet<string> = new Set([
  'a', 'abbr', 'b', 'bdi', 'blockquote', 'br', 'caption', 'code', 'col', 'colgroup', 'dd', 'del', 'div', 'dl', 'dt', 'em', 'figcaption', 'figure',
  'hr', 'i', 'img', 'ins', 'kbd', 'li', 'mark', 'ol', 'p', 'pre', 'q', 's', 'samp', 'section', 'small', 'span', 'strong', 'sub', 'sup', 'table', 'tbody',
  'td', 'tfoot', 'th', 'thead', 'tr', 'u', 'ul', 'var', 'wbr',
])
const HEADING = /^h[1-6]$/
/** What goes with all that is in it. Anything else that is not on the list goes, but what is in it stays. */
const DROPPED: ReadonlySet<string> = new Set([
  'script', 'style', 'iframe', 'frame', 'frameset', 'object', 'embed', 'applet', 'template', 'noscript', 'noembed', 'noframes', 'svg', 'math', 'title', 'head', 'meta',
  'link', 'base', 'select', 'textarea', 'input', 'button', 'form', 'option', 'datalist', 'dialog', 'audio', 'video', 'source', 'track', 'canvas', 'portal', 'xmp', 'plaintext', 'slot',
])
const XHTML = 'http://www.w3.org/1999/xhtml'
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[0-9A-Za-z+/=\s]+$/
const OUTSIDE = /^(?:https?:\/\/|mailto:)/i

/** Larger markup is cut: a component shows a part, the file shows all. */
const NODES_MAX = 20_000
const DEPTH_MAX = 80

/** Builds what is fit to be seen of a text of HTML. */
export function sanitised(html: string): DocumentFragment {
  // Parsed into a document without a window: nothing in it runs or is loaded.
  const parsed = new DOMParser().parseFromString(html, 'text/html')
  const built = document.createDocumentFragment()
  copyInto(built, parsed.body, { nodes: 0 }, 0)
  return built
}

function copyInto(target: Node, source: Node, budget: { nodes: number }, depth: number): void {
  for (const node of source.childNodes) {
    budget.nodes += 1
    if (budget.nodes > NODES_MAX || depth > DEPTH_MAX) return
    if (node.nodeType === Node.TEXT_NODE) target.appendChild(document.createTextNode(node.nodeValue ?? ''))
    else if (node.nodeType === Node.ELEMENT_NODE) copyElement(target, node as Element, budget, depth)
  }
}

function copyElement(target: Node, element: Element, budget: { nodes: number }, depth: number): void {
  const name = element.localName
  if (element.namespaceURI !== XHTML || DROPPED.has(name)) return
  const made = HEADING.test(name) ? heading(name) : ELEMENTS.has(name) ? document.createElement(name) : null
  if (made) {
    if (!copyAttributes(made, element)) return
    target.appendChild(made)
  }
  copyInto(made ?? target, element, budget, depth + 1)
}

function heading(name: string): HTMLElement {
  const made = document.createElement('p')
  made.className = `heading ${name}`
  return made
}

/** Copies what may be; says whether the element is worth showing. */
function copyAttributes(made: HTMLElement, element: Element): boolean {
  const direction = element.getAttribute('dir')
  if (direction === 'ltr' || direction === 'rtl' || direction === 'auto') made.setAttribute('dir', direction)
  if (made.localName === 'a') address(made, element.getAttribute('href') ?? '')
  if (made.localName === 'img') return picture(made, element)
  if (made.localName === 'td' || made.localName === 'th') {
    number(made, element, 'colspan', 1_000)
    number(made, element, 'rowspan', 1_000)
    const align = element.getAttribute('align')
    if (align === 'right' || align === 'center') made.className = `to-${align}`
  }
  if (made.localName === 'ol') number(made, element, 'start', 1_000_000)
  return true
}

/** Sets where a link leads; anything that is no link of ours or of the web leads nowhere. */
export function address(made: HTMLElement, href: string): void {
  const trimmed = href.trim()
  const link = linkIn(trimmed)
  if (link !== '') {
    made.setAttribute('href', goAddress(link))
    made.dataset.link = link
  } else if (OUTSIDE.test(trimmed) && URL.canParse(trimmed)) {
    made.setAttribute('href', new URL(trimmed).href)
    made.setAttribute('rel', 'noreferrer noopener')
    made.setAttribute('target', '_blank')
  }
}

function picture(made: HTMLElement, element: Element): boolean {
  const source = element.getAttribute('src') ?? ''
  if (!PICTURE.test(source)) return false
  made.setAttribute('src', source)
  made.setAttribute('alt', element.getAttribute('alt') ?? '')
  return true
}

function number(made: HTMLElement, element: Element, name: string, most: number): void {
  const value = Number(element.getAttribute(name))
  if (Number.isInteger(value) && value > 0 && value <= most) made.setAttribute(name, String(value))
}
