// One search on its way: asked once, followed until everybody answered or the time is over, kept for coming back.
// Not for: order and ranking, which are the peer's.
import { call, faultOf } from '../lib/call.ts'
import type { Fault, Found } from '../lib/views.ts'
import { askedOf, searchAddress, type Filters } from './filters.ts'

/** Hits asked for at first; more only when a person wants them, up to what the peer gives at most. */
export const FIRST_LIMIT = 200
export const LAST_LIMIT = 1_000

/** Searches remembered for coming back. */
const KEPT_MAX = 6

/** What was found longer ago than this is asked again when somebody comes back to it. */
const FRESH_MS = 30_000

/** Pause when a peer tells the same again instead of waiting for news. */
const SAME_MS = 250

export class Asking {
  found = $state.raw<Found | null>(null)
  fault = $state.raw<Fault | null>(null)
  isAsking = $state(false)
  /** Where the eye was. */
  scrollTop = 0
  focused = ''
  limit = FIRST_LIMIT

  #stop: AbortController | null = null
  #endedAt = 0

  constructor(readonly query: string, readonly filters: Filters) {}

  /** Asks; what was found before stays until there is something newer. */
  async ask(): Promise<void> {
    this.leave()
    const stop = new AbortController()
    this.#stop = stop
    this.isAsking = true
    this.fault = null
    try {
      this.#take(await call('search.find', askedOf(this.query, this.filters, this.limit), stop.signal), stop.signal)
      while (this.found && !this.found.is_over && !stop.signal.aborted) await this.#follow(this.found, stop.signal)
    } catch (error) {
      if (!stop.signal.aborted) this.fault = faultOf(error)
    }
    if (stop.signal.aborted) return
    this.isAsking = false
    this.#endedAt = Date.now()
  }

  /** Shows it again: at once what was known, asked again when that is old. */
  async come(): Promise<void> {
    const isFresh = this.found?.is_over && Date.now() - this.#endedAt < FRESH_MS
    await (isFresh ? this.refresh() : this.ask())
  }

  /** Whoever asks anew wants to know how things are now. */
  expire(): void {
    this.#endedAt = 0
  }

  /** Looks again at what was found: revisions and copies may have changed meanwhile. */
  async refresh(): Promise<void> {
    if (this.isAsking || !this.found) return
    const { id } = this.found
    try {
      const found = await call('search.more', { id })
      if (!this.isAsking && this.found?.id === id) this.found = found
    } catch {
      // The peer has forgotten this search; what is shown was true when it was asked.
    }
  }

  async more(): Promise<void> {
    this.limit = LAST_LIMIT
    await this.ask()
  }

  leave(): void {
    this.#stop?.abort()
    this.isAsking = false
  }

  async #follow(known: Found, signal: AbortSignal): Promise<void> {
    const found = await call('search.more', { id: known.id, seen: known.version }, signal)
    if (found.version === known.version && !found.is_over) await new Promise((resolve) => setTimeout(resolve, SAME_MS))
    this.#take(found, signal)
  }

  #take(found: Found, signal: AbortSignal): void {
    if (!signal.aborted) this.found = found
  }
}

const searches = new Map<string, Asking>()

/** Returns a search, as it was left if it was asked before. */
export function askingAt(query: string, filters: Filters): Asking {
  const key = searchAddress(query, filters)
  const asking = searches.get(key) ?? new Asking(query, filters)
  // The newest is last; the one left longest ago goes first.
  searches.delete(key)
  searches.set(key, asking)
  const oldest = searches.keys().next().value
  if (searches.size > KEPT_MAX && oldest !== undefined) searches.delete(oldest)
  return asking
}
