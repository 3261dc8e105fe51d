// Pages of a conversation put together, and the lines they are shown as. Pure.
import type { MessageView } from '../lib/views.ts'

/** Messages kept in the window at most: beyond, the other end is left out and asked for again. */
export const KEPT_MAX = 300
/** What one person says within this time stands under one name. */
const TOGETHER_MS = 5 * 60_000

/** A message as it is shown. */
export interface Line {
  message: MessageView
  /** Whether a day begins with it. */
  isNewDay: boolean
  /** Whether the line of what is unread stands above it. */
  isFirstUnread: boolean
  /** Whether it goes on under the name above. */
  isFollowing: boolean
}

const dayOf = (at: number) => new Date(at).setHours(0, 0, 0, 0)

export function linesOf(messages: readonly MessageView[], firstUnread: string | null): Line[] {
  return messages.map((message, index) => {
    const before = messages[index - 1]
    const isNewDay = !before || dayOf(before.at) !== dayOf(message.at)
    const isFirstUnread = message.id === firstUnread
    const isNear = before?.person === message.person && Math.abs(message.at - before.at) < TOGETHER_MS
    const isPlain = message.reply_to === null && before?.removed_by === null && before.folded === 0
    return { message, isNewDay, isFirstUnread, isFollowing: !isNewDay && !isFirstUnread && isNear && isPlain }
  })
}

/**
 * Puts a page into what is known where they touch: messages between its ends that it no longer has are gone. Nothing when
 * they do not touch. The newest page also ends what is known.
 */
export function woven(known: readonly MessageView[], page: readonly MessageView[], isNewest: boolean): MessageView[] | null {
  const inPage = new Set(page.map(({ id }) => id))
  const first = known.findIndex(({ id }) => inPage.has(id))
  if (first < 0) return known.length === 0 ? [...page] : null
  const last = known.findLastIndex(({ id }) => inPage.has(id))
  return [...known.slice(0, first), ...page, ...(isNewest ? [] : known.slice(last + 1))]
}

/** Adds an older or a newer page; what is too much goes at the other end, which `isCut` tells. */
export function extended(known: readonly MessageView[], page: readonly MessageView[], isOlder: boolean): { messages: MessageView[]; isCut: boolean } {
  const have = new Set(known.map(({ id }) => id))
  const fresh = page.filter(({ id }) => !have.has(id))
  const all = isOlder ? [...fresh, ...known] : [...known, ...fresh]
  return { messages: isOlder ? all.slice(0, KEPT_MAX) : all.slice(-KEPT_MAX), isCut: all.length > KEPT_MAX }
}
