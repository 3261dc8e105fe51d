// One conversation as this window shows it: a stretch of its messages, kept fresh by events, and what is done in it.
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import type { Fault, MessageView, WhoView } from '../lib/views.ts'
import { extended, linesOf, woven } from './pages.ts'
import { talk } from './talk.svelte.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 60
const PAGE = 50
const FRESH_PAGE = 100
const READ_MS = 300

export class Conversation {
  messages = $state.raw<MessageView[]>([])
  hasBefore = $state(false)
  hasAfter = $state(false)
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Where the line of what is unread stands; it stays while the conversation is on the screen. */
  firstUnread = $state<string | null>(null)
  who = $state.raw<WhoView[]>([])
  /** Counts up when something was heard, for a thread that is open beside it. */
  heard = $state(0)

  room = $derived.by(() => talk.find(this.id))
  lines = $derived(linesOf(this.messages, this.firstUnread))
  lastOwn = $derived(this.messages.findLast(({ who, removed_by }) => who === 'you' && removed_by === null))

  #timer: ReturnType<typeof setTimeout> | undefined
  #whoTimer: ReturnType<typeof setTimeout> | undefined
  #readTimer: ReturnType<typeof setTimeout> | undefined
  #readUpTo = ''
  #isLoading = false
  #isLooking = false
  #isAgain = false
  /** The message in the middle of what is seen, so that it is kept fresh far from the end, too. */
  middle = ''

  constructor(readonly id: string) {}

  /** Opens it at a message, else where the unread begins, else at the end; returns the way to stop. */
  begin(at: string | null): () => void {
    untrack(() => { void this.open(at); void this.lookAtWho() })
    const stop = news.listen(({ kind, about }) => {
      const { room } = (about ?? {}) as { room?: unknown }
      if ((kind === 'talk.changed' && (room === this.id || room === undefined)) || kind === 'talk.delivered') this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.refresh() }, GATHER_MS)
      if (/^records\.(connected|disconnected)$|^people\.changed$/.test(kind)) this.#whoTimer ??= setTimeout(() => { this.#whoTimer = undefined; void this.lookAtWho() }, 500)
    })
    return () => {
      stop()
      for (const timer of [this.#timer, this.#whoTimer, this.#readTimer]) clearTimeout(timer)
    }
  }

  async open(at: string | null): Promise<void> {
    try {
      let page = await call('talk.messages', { room: this.id, limit: PAGE, ...(at === null ? {} : { around: at }) })
      const unread = page.first_unread
      if (at === null && unread !== null && !page.messages.some(({ id }) => id === unread)) page = await call('talk.messages', { room: this.id, limit: PAGE, around: unread })
      Object.assign(this, { messages: page.messages, hasBefore: page.has_before, hasAfter: page.has_after, firstUnread: unread, fault: null, isRead: true })
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  /** Reads again what is seen, and what is new; looks that are wished meanwhile become one more. */
  async refresh(): Promise<void> {
    this.#isAgain = true
    if (this.#isLooking || !this.isRead) return
    this.#isLooking = true
    while (this.#isAgain) {
      this.#isAgain = false
      try {
        await this.#lookOnce()
        this.fault = null
      } catch (error) {
        this.fault = faultOf(error)
      }
    }
    this.#isLooking = false
    this.heard += 1
  }

  async #lookOnce(): Promise<void> {
    const newest = this.hasAfter ? null : await call('talk.messages', { room: this.id, limit: FRESH_PAGE })
    if (newest) {
      const isBehind = this.firstUnread === null || this.messages.every(({ id }) => id !== this.firstUnread)
      if (isBehind && newest.first_unread !== null && !document.hasFocus()) this.firstUnread = newest.first_unread
      const all = woven(this.messages, newest.messages, true)
      if (all) this.messages = all
      else Object.assign(this, { messages: newest.messages, hasBefore: newest.has_before })
    }
    const middle = this.middle
    if (middle === '' || newest?.messages.some(({ id }) => id === middle)) return
    const seen = await call('talk.messages', { room: this.id, around: middle, limit: FRESH_PAGE })
    this.messages = woven(this.messages, seen.messages, false) ?? this.messages
  }

  async load(isOlder: boolean): Promise<void> {
    const end = isOlder ? this.messages[0] : this.messages.at(-1)
    if (!end || this.#isLoading || !(isOlder ? this.hasBefore : this.hasAfter)) return
    this.#isLoading = true
    try {
      const page = await call('talk.messages', { room: this.id, limit: PAGE, ...(isOlder ? { before: end.id } : { after: end.id }) })
      const { messages, isCut } = extended(this.messages, page.messages, isOlder)
      this.messages = messages
      if (isOlder) { this.hasBefore = page.has_before; if (isCut) this.hasAfter = true }
      else { this.hasAfter = page.has_after; if (isCut) this.hasBefore = true }
      this.fault = null
    } catch (error) {
      this.fault = faultOf(error)
    }
    this.#isLoading = false
  }

  async lookAtWho(): Promise<void> {
    try {
      this.who = (await call('talk.who', { room: this.id })).who
    } catch {
      // Whether the conversation is there at all is said by its messages.
    }
  }

  /** Says to the peer that all up to a message was seen; once for what is seen shortly after each other. */
  see(message: MessageView): void {
    if (this.#readUpTo === message.id || (this.room?.unread ?? 0) === 0) return
    this.#readUpTo = message.id
    clearTimeout(this.#readTimer)
    this.#readTimer = setTimeout(async () => {
      try {
        talk.put(await call('talk.mark_read', { room: this.id, message: message.id }))
        void talk.look()
      } catch {
        // It stays unread; the next message seen says it again.
        this.#readUpTo = ''
      }
    }, READ_MS)
  }

  /** Puts in what an act answered, before the event comes. */
  put(message: MessageView): void {
    if (this.messages.some(({ id }) => id === message.id)) this.messages = this.messages.map((known) => (known.id === message.id ? message : known))
    else if (message.thread === null && !this.hasAfter) this.messages = [...this.messages, message]
    this.heard += 1
  }

  /** Reacts with a sign, or takes it back. */
  async react(message: MessageView, emoji: string): Promise<void> {
    const isOn = message.reactions.some((each) => each.emoji === emoji && each.is_yours)
    this.put(await call('talk.react', { message: message.id, emoji, ...(isOn ? { withdraw: true } : {}) }))
  }
}
