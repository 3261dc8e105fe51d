// Live news: one stream of numbered events, resumed by number, so that nothing is missed and nothing reloads.
import { send } from './call.ts'
import { session } from './session.svelte.ts'
import { patience, Place, StreamReader } from './stream.ts'
import type { Event } from './views.ts'

/** Events of the past that are asked for at the start, for What's new. */
export const BACKLOG = 500
/** Events kept in this window. */
const KEPT_MAX = 2_000

type Listener = (event: Event) => void

class News {
  /** Newest last. */
  events = $state.raw<Event[]>([])
  /** `lost` while the peer does not answer; what is shown then is what was known. */
  connection = $state<'connecting' | 'live' | 'lost'>('connecting')
  /** Counts up when everything has to be asked again, since events were missed. */
  generation = $state(0)
  /** Called with each new generation. */
  onrenewed: () => void = () => {}

  #listeners = new Set<Listener>()
  #place = new Place(0)
  #startedAt = 0
  #stop: AbortController | null = null
  #batch: Event[] = []
  /** Whether the place in the log is no longer good. */
  #isLost = false

  /** Calls back for each event that happens from now on; returns the way to stop. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Follows the log until the session ends. */
  async follow(lastEvent: number): Promise<void> {
    this.#stop?.abort()
    const stop = new AbortController()
    this.#stop = stop
    this.#startedAt = lastEvent
    this.events = []
    this.#place = new Place(Math.max(0, lastEvent - BACKLOG))
    for (let attempt = 0; !stop.signal.aborted && session.token; attempt += 1) {
      const wasLive = await this.#readOnce(stop.signal)
      if (wasLive) attempt = 0
      if (!stop.signal.aborted) await pause(patience(attempt))
    }
  }

  stop(): void {
    this.#stop?.abort()
  }

  async #readOnce(signal: AbortSignal): Promise<boolean> {
    let wasLive = false
    try {
      const from = this.#isLost ? '' : `?after=${this.#place.after}`
      const answer = await send(`/api/events${from}`, null, signal)
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
      if (!reader) return false
      wasLive = true
      if (this.connection === 'lost') this.#renew()
      this.connection = 'live'
      const stream = new StreamReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        for (const told of stream.take(value)) this.#hear(told.name, told.data)
        this.#flush()
      }
    } catch {
      // Said by `connection`; the next attempt goes on where this one stopped.
    }
    if (!signal.aborted) this.connection = 'lost'
    return wasLive
  }

  #hear(name: string, data: string): void {
    if (name === 'hello') return this.#begin(data)
    if (name === 'reload') {
      // Events were missed for good: everything is asked anew, and the stream goes on from now.
      this.#isLost = true
      return
    }
    const event = this.#place.take(data)
    if (!event) return
    // Jobs, tunnels, talk, the guard and agents tell of themselves again and again: kept, they would drive what people did out of What's new.
    if (!/^(compute|tunnels|talk|mail|guard|agents)\./.test(event.kind)) this.#batch.push(event)
    if (event.number > this.#startedAt) for (const listener of this.#listeners) listener(event)
  }

  #begin(data: string): void {
    const last = Number((safely(data) as { last?: number } | null)?.last)
    if (!this.#isLost) return
    this.#isLost = false
    this.#place.after = Number.isFinite(last) ? last : this.#place.after
    this.#renew()
  }

  #renew(): void {
    this.generation += 1
    this.onrenewed()
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    this.events = [...this.events, ...this.#batch].slice(-KEPT_MAX)
    this.#batch = []
  }
}

export const news = new News()

function safely(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
