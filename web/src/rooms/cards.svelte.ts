// What is known here of what a message links to. Reads the peer's own rows and never has anything fetched: a picture is
// shown when its bytes are on this computer already.
import { call, view as askView } from '../lib/call.ts'
import type { EntryView } from '../lib/views.ts'
import { call as ask, type LinkView } from '../documents/api.ts'
import { documentOf } from '../documents/link.ts'
import { extension } from '../lib/names.ts'
import { firstWords } from './links.ts'

/** What a card shows. */
export interface Card {
  target: LinkView
  /** Of what stands in the tree. */
  entry: EntryView | null
  /** The first words of a document. */
  words: string
  /** The address of a picture that is here. */
  picture: string
  /** Until when that address is good. */
  until: number
}

/** Pictures above this are not shown small: a card is not worth their decoding. */
const PICTURE_BYTES_MAX = 8_000_000
const PICTURES: readonly string[] = ['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif']
const KEPT_MAX = 200

/** Cards as they were last, so that one drawn anew stands there at once. */
const kept = new Map<string, Card>()

export const lastCard = (link: string): Card | null => kept.get(link) ?? null

/** Looks what is known of a link now. Throws what the peer answers if it knows nothing. */
export async function cardOf(link: string): Promise<Card> {
  const target = await ask('pages.resolve', { link })
  const isThere = target.state !== 'denied' && target.state !== 'missing'
  const entry = isThere && target.path !== '' && target.kind !== 'document' ? await entryOf(target.path) : null
  const words = isThere && target.kind === 'document' ? await wordsOf(target) : ''
  const before = kept.get(link)
  const isSame = before?.target.content === target.content && before.until > Date.now() + 60_000
  const picture = isSame ? { picture: before.picture, until: before.until } : await pictureOf(target, entry)
  const card = { target, entry, words, ...picture }
  kept.delete(link)
  kept.set(link, card)
  const oldest = kept.keys().next().value
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest)
  return card
}

async function entryOf(path: string): Promise<EntryView | null> {
  try {
    return (await call('files.about', { path })).entry
  } catch {
    return null
  }
}

async function wordsOf({ link, title }: LinkView): Promise<string> {
  try {
    const document = documentOf(link)
    return document === '' ? '' : firstWords((await ask('pages.document', { document })).text, title)
  } catch {
    return ''
  }
}

async function pictureOf(target: LinkView, entry: EntryView | null): Promise<{ picture: string; until: number }> {
  const none = { picture: '', until: 0 }
  if (entry?.kind !== 'file' || entry.freshness !== 'newest-here' || target.state === 'pinned' || (entry.size ?? 0) > PICTURE_BYTES_MAX || !PICTURES.includes(extension(entry.name))) return none
  try {
    const shown = await askView(entry.path, 'inline')
    return shown.show === 'image' ? { picture: shown.url, until: shown.expires } : none
  } catch {
    return none
  }
}
