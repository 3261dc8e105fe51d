// Makes What's new out of events and of the log of who belongs: many small events become few things worth saying.
// The forms of `about` belong to the services; what is not known here is left out rather than guessed.
import type { NewView } from '../documents/api.ts'
import { split, webOf } from './paths.ts'
import type { AuditView, Event, NewsView } from './views.ts'

/** Changes in one share that come closer than this are one thing. */
const TOGETHER_MS = 10 * 60_000
/** Paths remembered for one thing. */
const PATHS_MAX = 200

export interface Item {
  key: string
  at: number
  web: string
  /** The label of who did it. */
  who: string
  kind: 'files' | 'people' | 'document' | 'site' | 'file' | 'link'
  /** For files: the share's path, how many entries, and the first of them. */
  share: string
  count: number
  /** Whether there may be more than `count`. */
  isMore: boolean
  paths: string[]
  /** For documents, sites, files and links: what it is called, and where it is. */
  title: string
  path: string
  link: string
  /** For people and all that has a title: what was done, in words. */
  what: string
  isVoid: boolean
  /** Whether somebody may not be who one thinks. */
  isLoud: boolean
}

/** Acts people care about; invitations, welcomes and keys stand in the log. */
const TOLD: ReadonlySet<string> = new Set(['start', 'join', 'role', 'remove', 'dismiss', 'same-person', 'leave', 'add-device', 'revoke-device', 'new-words', 'recover'])

/** How many things are new to this person since an event; what was done in one's own shares is not. */
export function unseen(events: readonly Event[], after: number, mine: readonly string[]): number {
  return fromEvents(events.filter(({ number }) => number > after)).filter(({ share }) => !mine.includes(share)).length
}

/** Gathers changes of files, newest first. */
export function fromEvents(events: readonly Event[]): Item[] {
  const items: Item[] = []
  const open = new Map<string, Item>()
  for (const event of events) {
    const found = change(event)
    if (!found) continue
    const item = open.get(found.share)
    if (item && event.at - item.at < TOGETHER_MS) merge(item, event.at, found)
    else {
      const made = filesItem(event, found)
      open.set(found.share, made)
      items.push(made)
    }
  }
  return items.reverse()
}

/** Adds an event to a thing. Not all paths are named, so what several events share is not known: at least so many. */
function merge(item: Item, at: number, { entries, paths }: Change): void {
  const all = [...new Set([...paths, ...item.paths])]
  item.isMore = item.isMore || entries > paths.length || item.count > item.paths.length || all.length > PATHS_MAX
  item.count = Math.max(item.count, entries, all.length)
  item.paths = all.slice(0, PATHS_MAX)
  item.at = at
}

/** Turns acts on a web's people into things to tell, newest first. */
export function fromAudit(web: string, acts: readonly AuditView[]): Item[] {
  return acts.filter(({ kind }) => TOLD.has(kind)).map((act): Item => ({
    key: act.entry, at: act.at, web, who: act.by, kind: 'people', share: '', count: 0, isMore: false, paths: [], what: act.what, title: '', path: '', link: '',
    isVoid: act.is_void, isLoud: false,
  })).reverse()
}

/** Turns what should be known of people into things to tell, newest first. */
export function fromPeople(news: readonly NewsView[]): Item[] {
  return news.map((one): Item => ({
    key: `${one.web} ${one.person} ${one.kind}`, at: one.at, web: one.web, who: one.who, kind: 'people', share: '', count: 0, isMore: false,
    paths: [], what: one.what, title: '', path: '', link: '', isVoid: false, isLoud: one.is_loud,
  }))
}

/** Turns what is new of documents, sites, files and links into things to tell; files that are told already are left out. */
export function fromPages(news: readonly NewView[], told: readonly Item[]): Item[] {
  const known = new Set(told.flatMap(({ paths }) => paths))
  const KINDS: readonly string[] = ['document', 'site', 'file', 'link']
  return news.filter(({ kind, path }) => KINDS.includes(kind) && (kind !== 'file' || !known.has(path))).map((one, index): Item => ({
    key: `page ${one.kind} ${one.link} ${one.at} ${index}`, at: one.at, web: one.web, who: one.who, kind: one.kind as Item['kind'], share: '', count: 0, isMore: false,
    paths: [], what: one.what, title: one.title, path: one.path, link: one.link, isVoid: false, isLoud: false,
  }))
}

/** Puts things to tell together, newest first. */
export function together(...lists: Item[][]): Item[] {
  return lists.flat().toSorted((left, right) => right.at - left.at)
}

interface Change { share: string; entries: number; paths: string[] }

function change({ kind, about }: Event): Change | null {
  if (kind !== 'files.changed' || typeof about !== 'object' || about === null) return null
  const { share, entries, paths } = about as Partial<Change>
  if (typeof share !== 'string' || share === '' || !Array.isArray(paths)) return null
  const named = paths.filter((path) => typeof path === 'string')
  return { share, entries: typeof entries === 'number' ? entries : named.length, paths: named }
}

function filesItem(event: Event, { share, entries, paths }: Change): Item {
  return {
    key: `event-${event.number}`, at: event.at, web: webOf(share), who: split(share)[1] ?? '', kind: 'files', share,
    count: entries, isMore: false, paths: paths.slice(0, PATHS_MAX), what: '', title: '', path: '', link: '', isVoid: false, isLoud: false,
  }
}
