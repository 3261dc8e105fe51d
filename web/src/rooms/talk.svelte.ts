// Which conversations there are and what is unread; kept fresh by events. The rail needs it, so it is small. Not for:
// one conversation in full (conversation.svelte.ts).
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import { route } from '../lib/route.svelte.ts'
import type { Fault, RoomView } from '../lib/views.ts'
import { ring } from './ringing.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 150
/** Where the list is not seen, only a number hangs on it. */
const UNSEEN_MS = 1_000

class Talk {
  /** Newest message first. */
  rooms = $state.raw<RoomView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Whether archived rooms are asked for, too. */
  hasArchived = $state(false)

  /** What was begun in this window and the peer may not have kept yet, by conversation. */
  readonly begun = new Map<string, string>()

  /** Unread where it rings. */
  unread = $derived(this.rooms.reduce((sum, room) => sum + (room.is_quiet || room.is_archived ? room.mentions : room.unread), 0))

  #timer: ReturnType<typeof setTimeout> | undefined
  #isLooking = false
  #isAgain = false

  /** Reads the list and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen(({ kind, about }) => {
      if (kind === 'talk.rang') void ring(about)
      // Whose room it is and what it is called hangs on people.
      if (/^talk\.changed$|^people\.changed$/.test(kind)) this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, route.section === 'rooms' || route.section === 'room' ? GATHER_MS : UNSEEN_MS)
    })
  }

  /** A look that is under way is followed by one more, so that answers never overtake each other. */
  async look(): Promise<void> {
    this.#isAgain = true
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#isAgain) {
      this.#isAgain = false
      try {
        const { rooms } = await call('talk.rooms', this.hasArchived ? { archived: true } : {})
        Object.assign(this, { rooms, fault: null, isRead: true })
      } catch (error) {
        this.fault = faultOf(error)
      }
    }
    this.#isLooking = false
  }

  find(id: string): RoomView | undefined {
    return this.rooms.find((room) => room.id === id)
  }

  /** The peer has kept what was begun. */
  keepDraft(id: string, text: string): void {
    if (this.begun.get(id) === text) this.begun.delete(id)
    const room = this.find(id)
    if (room && (room.draft ?? '') !== text) this.put({ ...room, draft: text === '' ? null : text })
  }

  /** Puts in what an act answered, before the event comes. */
  put(room: RoomView): void {
    this.rooms = this.find(room.id) ? this.rooms.map((known) => (known.id === room.id ? room : known)) : [room, ...this.rooms]
  }
}

export const talk = new Talk()
