// What waits for this person in conversations and mail, and who waits to be let into a web; kept fresh by events. The
// rail needs it, so it is small. Not for: the conversations (rooms/talk.svelte.ts) and folders (mail/mail.svelte.ts) themselves.
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import { house } from '../lib/house.svelte.ts'
import { route } from '../lib/route.svelte.ts'
import type { Fault, InboxEntry, WaitingView } from '../lib/views.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 150
/** Where the inbox is not seen, only a number hangs on it. */
const UNSEEN_MS = 1_000

/** Somebody who waits to be let into a web. */
export type Waiting = WaitingView & { web: string }

class Inbox {
  /** Newest first. */
  entries = $state.raw<InboxEntry[]>([])
  /** At the doors of webs where this person may open. */
  waiting = $state.raw<Waiting[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)

  /** The newest unread message, by conversation. */
  newest = $derived<Partial<Record<string, InboxEntry>>>(Object.fromEntries(this.entries.filter(({ kind }) => kind === 'room' || kind === 'direct').map((entry) => [entry.room, entry])))

  #timer: ReturnType<typeof setTimeout> | undefined
  #isLooking = false
  #isAgain = false

  /** Reads it and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen(({ kind }) => {
      if (!/^(talk|mail)\.changed$|^people\./.test(kind)) return
      const isSeen = route.section === 'inbox' || route.section === 'rooms' || route.section === 'room'
      this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, isSeen ? GATHER_MS : UNSEEN_MS)
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
        const [{ entries }, waiting] = await Promise.all([call('talk.inbox', {}), atDoors()])
        Object.assign(this, { entries, waiting, fault: null, isRead: true })
      } catch (error) {
        this.fault = faultOf(error)
      }
    }
    this.#isLooking = false
  }

  /** Takes an entry away before the event of it comes. */
  drop(entry: InboxEntry): void {
    this.entries = this.entries.filter((one) => one !== entry)
  }
}

export const inbox = new Inbox()

async function atDoors(): Promise<Waiting[]> {
  const opening = house.webs.filter(({ role }) => role === 'admin' || role === 'owner').map(({ name }) => name)
  const doors = await Promise.allSettled(opening.map(async (web) => (await call('people.invitations', { web })).waiting.map((one) => ({ ...one, web }))))
  // A web that cannot be asked about now hides nothing of the others.
  return doors.flatMap((door) => (door.status === 'fulfilled' ? door.value : []))
}
