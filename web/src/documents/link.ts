// Links as they are written: finding one in a text, the copy for mail programs, pinning to a revision. What a link
// leads to is for the peer to say (`pages.resolve`). Pure.

/** What stands behind the scheme: no spaces, quotes, brackets or anything that could end it in Markdown. */
const REST = /^(?:web|file|content|document|person|query|folder)\/[^\s<>"'`\\()[\]{}|^]+$/
const SCHEME = 'althing:'
const COPY = /^https?:\/\/althing\.localhost(?::\d{1,5})?\/(?:#\/)?go\/(.+)$/
/** Longer texts are no links. */
const LENGTH_MAX = 2_048

/** The link a text is, as a whole: a link, or the copy of one. Empty when it is none. */
export function linkIn(text: string): string {
  const trimmed = text.trim()
  if (trimmed.length > LENGTH_MAX) return ''
  const rest = trimmed.startsWith(SCHEME) ? trimmed.slice(SCHEME.length) : (COPY.exec(trimmed)?.[1] ?? '')
  return REST.test(rest) ? `${SCHEME}${rest}` : ''
}

/** The place in this page that opens a link: `#/go/REST`. */
export function goAddress(link: string): string {
  return `#/go/${link.slice(SCHEME.length)}`
}

/** The link a place `#/go/REST` of this page is about; empty when it is none. */
export function linkOfPlace(hash: string): string {
  const rest = hash.replace(/^#\/?go\/?/, '')
  return linkIn(`${SCHEME}${rest}`)
}

/** The copy of a link that programs understand which only know `http:`; with this page's port. */
export function copyOf(link: string, host: string): string {
  return `http://${host}/go/${link.slice(SCHEME.length)}`
}

const PINNABLE = /^(althing:file\/[^@#?]+)(?:@(\d+))?(#.*)?$/

/** The revision a link is pinned to; none when it follows the newest, or can't be pinned. */
export function pinOf(link: string): number | null {
  const revision = PINNABLE.exec(link)?.[2]
  return revision === undefined ? null : Number(revision)
}

/** Whether a link can be pinned: only files have revisions. */
export function canPin(link: string): boolean {
  return PINNABLE.test(link)
}

/** The link with this pin, or with none; its range stays. */
export function withPin(link: string, revision: number | null): string {
  const [, file, , part = ''] = PINNABLE.exec(link) ?? []
  return file === undefined ? link : `${file}${revision === null ? '' : `@${revision}`}${part}`
}

/** The document a link leads to, by its id; empty when it leads to something else. */
export function documentOf(link: string): string {
  return /^althing:document\/[^/]+\/([0-9a-zA-Z]+)/.exec(link)?.[1] ?? ''
}

/** A link to a query. */
export function queryLink(web: string, words: string): string {
  const escaped = encodeURIComponent(words.toWellFormed()).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return `althing:query/${web.slice(0, 20)}?q=${escaped}`
}

/** A component as it stands in a text. */
export interface Placed {
  /** Its line, from 1, and where that begins and ends. */
  line: number
  from: number
  to: number
  caption: string
  link: string
}

const COMPONENT = /^ {0,3}!\[((?:\\.|[^\\\]])*)\]\(\s*<?([^\s<>()]+)>?\s*\)\s*$/

/** Reads one line: a picture whose address is a link. */
export function componentIn(line: string): { caption: string; link: string } | null {
  const [, caption, address] = COMPONENT.exec(line) ?? []
  const link = linkIn(address ?? '')
  return link === '' ? null : { caption: (caption ?? '').replace(/\\(.)/g, '$1'), link }
}

/** Writes a component. */
export function componentText(caption: string, link: string): string {
  return `![${escapeText(caption)}](${link})`
}

/** Writes a link with words. */
export function linkText(words: string, link: string): string {
  return `[${escapeText(words)}](${link})`
}

/** Words of others, so that in Markdown they stay words. */
function escapeText(words: string): string {
  return words.replace(/[\r\n\t]+/g, ' ').replace(/[\\[\]`*_<>!]/g, '\\$&').slice(0, 200)
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/
/** Finds the components of a text: lines that are only a picture whose address is a link; never in fenced code (spec pages, rule 21). */
export function componentsOf(text: string): Placed[] {
  const lines = text.split('\n')
  const found: Placed[] = []
  let fence = ''
  let from = 0
  lines.forEach((line, index) => {
    const mark = FENCE.exec(line)?.[1] ?? ''
    if (fence !== '') {
      if (mark.startsWith(fence) && line.trim() === mark) fence = ''
    } else if (mark !== '') fence = mark
    else {
      const component = line.includes('](') ? componentIn(line) : null
      if (component) {
        found.push({ line: index + 1, from, to: from + line.length, ...component })
      }
    }
    from += line.length + 1
  })
  return found
}

/** What a heading of a document says in a list or a window's title: without marks of Markdown. */
export function titleOf(text: string): string {
  const heading = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/m.exec(text)?.[1] ?? ''
  return heading.replace(/[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}/g, '').replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/\\(.)/g, '$1').slice(0, 200)
}
