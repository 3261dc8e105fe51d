import { describe, expect, it } from 'vitest'
import type { MessageView } from '../lib/views.ts'
import { extended, KEPT_MAX, linesOf, woven } from './pages.ts'

const message = (id: string, more: Partial<MessageView> = {}): MessageView => ({
  who: 'Bob', at: new Date(2026, 5, 1, 12).getTime(), text: id, edited: null, removed_by: null, reply_to: null, thread: null, replies: 0, last_reply: null, reactions: [], mentions: [], names_you: false,
  attachments: [], state: '', sent: 0, delivered: [], read: [], persons: 1, folded: 0, person: 'b', room: 'r', id, ...more,
})
const all = (ids: string) => [...ids].map((id) => message(id))
const ids = (messages: readonly MessageView[] | null) => messages?.map(({ id }) => id).join('')

describe('pages of a conversation', () => {
  it('that touch are put together, and what came between stands where it belongs', () => {
    expect(ids(woven(all('abcd'), all('cde'), true))).toBe('abcde')
    expect(ids(woven(all('abdf'), all('bcdef'), false))).toBe('abcdef')
    expect(ids(woven(all('bc'), all('abc'), true))).toBe('abc')
  })

  it('lose what the peer no longer shows', () => {
    expect(ids(woven(all('abcde'), all('bd'), false))).toBe('abde')
    expect(ids(woven(all('abcde'), all('bc'), true))).toBe('abc')
  })

  it('that do not touch are not put together', () => {
    expect(woven(all('ab'), all('xy'), true)).toBeNull()
    expect(ids(woven([], all('xy'), true))).toBe('xy')
  })

  it('take what was edited from the newer answer', () => {
    expect(woven(all('ab'), [message('b', { text: 'anew' })], true)?.at(-1)?.text).toBe('anew')
  })

  it('grow to a measure, and say when the other end was left out', () => {
    const many = Array.from({ length: KEPT_MAX }, (_, index) => message(`m${index}`))
    const older = extended(many, all('ab'), true)
    expect([older.messages.length, older.messages[0]?.id, older.messages.at(-1)?.id, older.isCut]).toEqual([KEPT_MAX, 'a', `m${KEPT_MAX - 3}`, true])
    const newer = extended(many, all('ab'), false)
    expect([newer.messages[0]?.id, newer.messages.at(-1)?.id]).toEqual(['m2', 'b'])
    expect(extended(all('bc'), all('ab'), true)).toEqual({ messages: all('abc'), isCut: false })
  })
})

describe('lines of a conversation', () => {
  const noon = new Date(2026, 5, 1, 12).getTime()
  it('stand under one name while one person goes on', () => {
    const lines = linesOf([message('a'), message('b', { at: noon + 60_000 }), message('c', { at: noon + 600_000 }), message('d', { at: noon + 600_000, person: 'c' })], null)
    expect(lines.map(({ isFollowing }) => isFollowing)).toEqual([false, true, false, false])
  })

  it('begin anew with a day, with what is unread, after what was taken away, and with an answer', () => {
    const lines = linesOf([message('a'), message('b', { at: noon + 86_400_000 }), message('c', { at: noon + 86_400_001, removed_by: 'Bob' }), message('d', { at: noon + 86_400_002 }), message('e', { at: noon + 86_400_003, reply_to: 'a' })], 'c')
    expect(lines.map(({ isNewDay }) => isNewDay)).toEqual([true, true, false, false, false])
    expect(lines.map(({ isFirstUnread }) => isFirstUnread)).toEqual([false, false, true, false, false])
    expect(lines.some(({ isFollowing }) => isFollowing)).toBe(false)
  })
})
