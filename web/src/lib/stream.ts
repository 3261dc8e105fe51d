// Reads a stream of server-sent events (text/event-stream) piece by piece. Pure; the connection is in
// events.svelte.ts.
import type { Event } from './views.ts'

export interface Told {
  /** The `event:` field; empty when not said. */
  name: string
  data: string
}

/** Takes pieces of text as they arrive and gives back whole messages. */
export class StreamReader {
  #rest = ''

  take(piece: string): Told[] {
    this.#rest = (this.#rest + piece).replaceAll('\r\n', '\n')
    const blocks = this.#rest.split('\n\n')
    this.#rest = blocks.pop() ?? ''
    return blocks.map(message).filter((told) => told !== null)
  }
}

function message(block: string): Told | null {
  let name = ''
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) continue
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') name = value
    if (field === 'data') data.push(value)
  }
  return data.length === 0 && name === '' ? null : { name, data: data.join('\n') }
}

/** Keeps the place in the event log: each event is let through once, in order. */
export class Place {
  constructor(public after: number) {}

  /** Returns the event if it is new; repeated ones (after a reconnect) are dropped. */
  take(data: string): Event | null {
    let event: Event | null
    try {
      event = JSON.parse(data) as Event | null
    } catch {
      return null
    }
    if (typeof event?.number !== 'number' || event.number <= this.after) return null
    this.after = event.number
    return event
  }
}

/** Milliseconds to wait before the given attempt to reconnect: quick at first, never longer than 10 s. */
export function patience(attempt: number): number {
  return Math.min(10_000, 250 * 2 ** Math.min(attempt, 8))
}
