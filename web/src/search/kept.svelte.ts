// Kept searches: which there are, what they rang for, and how much of that nobody has looked at yet.
import { call } from '../lib/call.ts'
import { desk } from '../lib/desk.svelte.ts'
import { news } from '../lib/events.svelte.ts'
import { isolated } from '../lib/names.ts'
import { last } from '../lib/paths.ts'
import { t } from '../lib/strings.ts'
import type { Event, KeptView } from '../lib/views.ts'

/** Rings that come closer than this are one notice. */
const GATHER_MS = 800

const SEEN = 'althing.rang'

interface Ring { id: string; query: string; path: string; revision: number; at: number }

class KeptSearches {
  searches = $state.raw<KeptView[]>([])
  isRead = $state(false)
  /** The last event the person has seen where kept searches are listed. */
  seen = $state(recall())
  unseen = $derived(this.#rings(news.events.filter(({ number }) => number > this.seen)))

  #gathered: Ring[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Reads what is kept and tells of each ring from now on; returns the way to stop. */
  begin(): () => void {
    void this.look()
    return news.listen((event) => {
      const ring = ringOf(event)
      if (!ring) return
      this.#gathered.push(ring)
      this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS)
    })
  }

  /** Reads what is kept; keeps what was known when that fails. */
  async look(): Promise<void> {
    try {
      this.searches = (await call('search.kept', {})).searches
      this.isRead = true
    } catch {
      // The connection banner says so.
    }
  }

  /** The kept search of a query, if it is kept. */
  of(query: string, web: string): KeptView | undefined {
    return this.searches.find((kept) => kept.query === query && kept.web === web)
  }

  async keep(query: string, web: string): Promise<void> {
    await call('search.keep', web === '' ? { query } : { query, web })
    desk.say(t.search.keptNow(isolated(query)))
    await this.look()
  }

  async drop({ id, query }: KeptView): Promise<void> {
    await call('search.drop', { id })
    desk.say(t.search.dropped(isolated(query)))
    await this.look()
  }

  see(): void {
    this.seen = Math.max(this.seen, news.events.at(-1)?.number ?? 0)
    try {
      localStorage.setItem(SEEN, String(this.seen))
    } catch {
      // A browser that keeps nothing: the count holds until the window closes.
    }
  }

  /** A search that was dropped has nothing more to say. */
  #rings(events: readonly Event[]): Ring[] {
    const rings = events.flatMap((event) => ringOf(event) ?? [])
    return this.isRead ? rings.filter(({ id }) => this.searches.some((kept) => kept.id === id)) : rings
  }

  #tell(): void {
    this.#timer = undefined
    const rings = this.#gathered.splice(0)
    const [first] = rings
    void this.look()
    if (!first) return
    const isOne = rings.every(({ query }) => query === first.query)
    const text = rings.length === 1 ? t.search.rang(isolated(first.query), isolated(last(first.path)))
      : isOne ? t.search.rangFor(isolated(first.query), rings.length) : t.search.rangAll(rings.length)
    desk.say(text, { href: '#/search', text: t.search.show })
  }
}

export const kept = new KeptSearches()

function ringOf({ kind, about, at }: Event): Ring | null {
  if (kind !== 'search.rang' || typeof about !== 'object' || about === null) return null
  const { id, query, path, revision } = about as Partial<Ring>
  if (typeof id !== 'string' || typeof query !== 'string' || typeof path !== 'string') return null
  return { id, query, path, revision: typeof revision === 'number' ? revision : 0, at }
}

function recall(): number {
  try {
    return Number(localStorage.getItem(SEEN) ?? 0) || 0
  } catch {
    return 0
  }
}
