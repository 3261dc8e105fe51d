// What waits for a person, in one list and in one form. Pure.
import { address } from '../lib/route.svelte.ts'
import { tabAddress } from '../agents/tabs.ts'
import type { InboxEntry, NoticeView } from '../lib/views.ts'
import type { Waiting } from './inbox.svelte.ts'

/** One thing that waits. */
export interface Item {
  key: string
  kind: 'room' | 'direct' | 'mention' | 'mail' | 'waiting' | 'search' | 'agent'
  at: number
  web: string
  /** Who it is from; empty if nobody. */
  who: string
  /** Where it is: the conversation's name, or the words of a search. */
  name: string
  /** What it says. */
  text: string
  count: number
  href: string
  /** What can be marked as read. */
  entry: InboxEntry | null
}

/** Something a kept search rang for. */
export interface Rang {
  id: string
  query: string
  path: string
  at: number
}

export interface Waits {
  entries: readonly InboxEntry[]
  waiting: readonly Waiting[]
  rang: readonly Rang[]
  /** What agents told and was not looked at, newest first. */
  told: readonly NoticeView[]
}

const KINDS: readonly string[] = ['room', 'direct', 'mention', 'mail'] satisfies Item['kind'][]

/** Puts all that waits into one list: people at the door first, since they wait for a decision; then the newest. */
export function itemsOf({ entries, waiting, rang, told }: Waits): Item[] {
  // A kind that this page does not know yet is left out: it could not be opened.
  const rest = [...entries.filter(({ kind }) => KINDS.includes(kind)).map(ofEntry), ...ofRang(rang), ...ofTold(told)]
  return [...waiting.map(ofWaiting), ...rest.toSorted((left, right) => right.at - left.at)]
}

function ofEntry(entry: InboxEntry): Item {
  const { kind, web, name, unread, who, text, at, room, message } = entry
  const place = kind === 'mail' ? `${address('mail', name)}?message=${encodeURIComponent(message)}` : address('room', room)
  const href = kind === 'mention' ? `${place}?at=${encodeURIComponent(message)}` : place
  return { key: `${kind} ${room} ${message}`, kind: kind as Item['kind'], at, web, who, name, text, count: unread, href, entry }
}

function ofWaiting({ web, person, since }: Waiting): Item {
  return { key: `waiting ${web} ${person}`, kind: 'waiting', at: since, web, who: person, name: web, text: '', count: 1, href: address('people', web), entry: null }
}

/** Rings of one search are one thing. */
function ofRang(rang: readonly Rang[]): Item[] {
  return [...new Set(rang.map(({ id }) => id))].map((id): Item => {
    const all = rang.filter((one) => one.id === id)
    const newest = all.reduce((left, right) => (right.at > left.at ? right : left))
    return { key: `search ${id}`, kind: 'search', at: newest.at, web: newest.path.split('/')[0] ?? '', who: '', name: newest.query, text: newest.path, count: all.length, href: address('search'), entry: null }
  })
}

/** What one agent told is one thing. */
function ofTold(told: readonly NoticeView[]): Item[] {
  return [...new Set(told.map(({ agent }) => agent))].flatMap((agent): Item[] => {
    const all = told.filter((one) => one.agent === agent)
    const newest = all[0]
    if (!newest) return []
    const [web = '', name = ''] = agent.split('/')
    return [{ key: `agent ${agent}`, kind: 'agent', at: newest.at, web, who: agent, name, text: newest.title, count: all.length, href: tabAddress('notices', web), entry: null }]
  })
}
