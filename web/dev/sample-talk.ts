// Rooms and direct conversations of the sample peer, of the forms a real peer answers. Nothing is sent anywhere.
import type { FoundMessage, InboxEntry, MessageView, Messages, RoomView, TalkSettings, WhoView } from '../src/lib/views.ts'
import { DAY, HOUR, id, MEMBERS, MINUTE, NOW } from './sample-data.ts'

type Asked = Partial<Record<'room' | 'message' | 'web' | 'name' | 'topic' | 'text' | 'reply_to' | 'thread' | 'before' | 'after' | 'around' | 'emoji' | 'query' | 'person', string>> & { persons?: string[]; attachments?: string[]; limit?: number } & Partial<Record<'withdraw' | 'archive' | 'bring_back' | 'loud' | 'tell_read' | 'keep_read' | 'archived' | 'closed_history' | 'open_history', boolean>> & { quiet_from?: number; quiet_until?: number }
type Fault = (code: string, kind: string, what: string, remedies?: unknown[]) => Error

const SEEDS: Partial<Record<string, number>> = { you: 1, bob: 2, carol: 3, 'Uncle Ted': 4, 'bоb~51c3aa': 14 }
const room = (seed: number, name: string, more: Partial<RoomView> = {}): RoomView => ({
  web: 'family', name, kind: 'room', topic: '', unread: 0, mentions: 0, is_more: false, is_archived: false, is_open: true, is_quiet: false, may_moderate: true, may_lead: true, is_muted: false,
  moderators: [], persons: [], newest: NOW - DAY, draft: null, id: id(seed), ...more,
})
const ROOMS: RoomView[] = [
  room(201, 'kitchen', { topic: 'What we eat, and who cooks', unread: 3, mentions: 1, newest: NOW - 2 * MINUTE }),
  room(202, 'bob', { kind: 'direct', persons: ['bob'], may_moderate: false, newest: NOW - HOUR, draft: 'I will bring the' }),
  room(203, 'turn \u202e back <b>bold</b>', { topic: 'x'.repeat(120), newest: NOW - 3 * DAY, is_quiet: true, may_moderate: false }),
  room(204, 'grace', { web: 'lab', kind: 'direct', persons: ['grace'], newest: null, may_moderate: false }),
  room(205, 'old plans', { is_archived: true, newest: NOW - 300 * DAY }),
]

let made = 300
const said = (of: string, who: string, at: number, text: string, more: Partial<MessageView> = {}): MessageView => ({
  who, at, text, edited: null, removed_by: null, reply_to: null, thread: null, replies: 0, last_reply: null, reactions: [], mentions: [], names_you: false, attachments: [],
  state: who === 'you' ? 'sent' : '', sent: who === 'you' ? 2 : 0, delivered: [], read: [], persons: 4, folded: 0, person: id(SEEDS[who] ?? 9), room: of, id: id((made += 1)), ...more,
})
const K = id(201)
const pie = said(K, 'carol', NOW - DAY, '# Pie\n\nWho brings the **pie** on Sunday?\n\n- apples\n- `rhubarb`', { replies: 2, last_reply: NOW - HOUR, reactions: [{ emoji: '👍', who: ['bob', 'you'], is_yours: true }, { emoji: '🥧', who: ['Uncle Ted'], is_yours: false }] })
const unread = said(K, 'bob', NOW - 9 * MINUTE, '@Alice and @carol: the oven is **hot**', { mentions: ['you', 'carol'], names_you: true })
const MESSAGES: MessageView[] = [
  ...Array.from({ length: 400 }, (_, index) => said(K, ['bob', 'carol', 'you', 'Uncle Ted'][Math.floor(index / 3) % 4] ?? 'bob', NOW - 20 * DAY + index * HOUR, `message ${index}${index % 7 ? '' : '\nwith a second line, and a third\nof more words than fit into one line of a narrow window, so that it wraps'}`, { state: index % 12 < 9 ? '' : 'delivered' })),
  pie,
  said(K, 'Uncle Ted', NOW - DAY + HOUR, '<img src=x onerror=alert(1)> [click](javascript:alert(1)) https://example.org/ \u202eThen back', { edited: NOW - DAY + 2 * HOUR }),
  said(K, 'bob', NOW - 3 * HOUR, '', { removed_by: 'bob' }),
  said(K, 'carol', NOW - 2 * HOUR, 'the list', { attachments: ['althing:document/7g6v4k2m9q0r1s2t3u4v/abcdef0123', 'althing:file/7g6v4k2m9q0r1s2t3u4v/abc'] }),
  said(K, 'you', NOW - 90 * MINUTE, 'I do!', { reply_to: pie.id, state: 'delivered', delivered: ['bob', 'carol', 'Uncle Ted', 'مها'] }),
  said(K, 'you', NOW - 89 * MINUTE, 'And cream.', { state: 'sent', sent: 3, delivered: ['bob'] }),
  unread, said(K, 'bob', NOW - 8 * MINUTE, 'come'), said(K, 'bоb~51c3aa', NOW - 2 * MINUTE, 'trust me', { folded: 12 }),
  said(K, 'bob', NOW - 20 * HOUR, 'apples are in the shed', { thread: pie.id }), said(K, 'you', NOW - HOUR, 'thank you', { thread: pie.id }),
  said(id(202), 'bob', NOW - 2 * HOUR, 'Are you there?', { persons: 1 }), said(id(202), 'you', NOW - HOUR, 'Yes', { persons: 1, state: 'read', read: ['bob'], delivered: ['bob'] }),
]
const settings: TalkSettings = { web: 'family', tells_read: false, quiet_from: 1_320, quiet_until: 360 }

export function sampleTalk(fault: Fault, push: (kind: string, about: unknown) => void): Record<string, (asked: Asked) => unknown> {
  const find = (of = '') => ROOMS.find((each) => each.id === of) ?? (() => { throw fault('talk.no-such-room', 'yours', `there is no conversation ${of}`) })()
  const message = (of = '') => MESSAGES.find((each) => each.id === of) ?? (() => { throw fault('talk.no-such-message', 'yours', `there is no message ${of}`) })()
  const change = (one: RoomView, more: Partial<RoomView>) => { Object.assign(one, more); push('talk.changed', { web: one.web, room: one.id }); return one }
  const alter = (one: MessageView, more: Partial<MessageView>) => { Object.assign(one, more); push('talk.changed', { web: 'family', room: one.room }); return one }
  const page = (all: MessageView[], from: number, to: number, first_unread: string | null): Messages => ({ messages: all.slice(Math.max(0, from), to), has_before: from > 0, has_after: to < all.length, first_unread })
  return {
    'talk.rooms': ({ web, archived }) => ({ rooms: ROOMS.filter((each) => (!web || each.web === web) && (archived || !each.is_archived)) }),
    'talk.inbox': () => ({ entries: ROOMS.filter((each) => each.unread > 0).map((each): InboxEntry => ({ kind: each.kind, web: each.web, name: each.name, unread: each.unread, who: 'bоb~51c3aa', text: 'trust me', at: NOW, room: each.id, message: MESSAGES[0]?.id ?? '' })) }),
    'talk.start': ({ web = '', name = '', topic = '' }) => { const begun = room((made += 1), name, { web, topic, newest: null }); ROOMS.unshift(begun); return change(begun, {}) },
    'talk.direct': ({ web = '', persons = [] }) => ROOMS.find((each) => each.kind === 'direct' && each.web === web && each.persons.join() === persons.join()) ?? (() => { const begun = room((made += 1), persons.join(', '), { web, kind: 'direct', persons, newest: null, may_moderate: false }); ROOMS.unshift(begun); return change(begun, {}) })(),
    'talk.change': ({ room: of, name, topic, archive, bring_back, closed_history, open_history }) => change(find(of), { ...(name ? { name } : {}), ...(topic !== undefined ? { topic } : {}), ...(archive ? { is_archived: true } : bring_back ? { is_archived: false } : {}), ...(closed_history ? { is_open: false } : open_history ? { is_open: true } : {}) }),
    'talk.say': ({ room: of = '', text = '', reply_to, thread, attachments = [] }) => {
      if (text === 'refuse') throw fault('talk.too-fast', 'refused', 'this computer has said 60 things in 20 s; more is not taken now', [{ command: '', text: 'wait a moment' }])
      const one = said(of, 'you', Date.now(), text, { reply_to: reply_to ?? null, thread: thread ?? null, attachments, state: 'held' })
      MESSAGES.push(one)
      if (thread) Object.assign(message(thread), { replies: message(thread).replies + 1, last_reply: one.at })
      change(find(of), { newest: one.at })
      setTimeout(() => { Object.assign(one, { state: 'sent', sent: 2 }); push('talk.delivered', { web: 'family' }) }, 800)
      return one
    },
    'talk.edit': ({ message: of, text = '', attachments = [] }) => alter(message(of), { text, attachments, edited: Date.now() }),
    'talk.delete': ({ message: of }) => alter(message(of), { text: '', attachments: [], reactions: [], removed_by: 'you' }),
    'talk.react': ({ message: of, emoji = '', withdraw }) => {
      const one = message(of)
      const who = (one.reactions.find((each) => each.emoji === emoji)?.who ?? []).filter((each) => each !== 'you').concat(withdraw ? [] : ['you'])
      return alter(one, { reactions: [...one.reactions.filter((each) => each.emoji !== emoji), ...(who.length > 0 ? [{ emoji, who, is_yours: !withdraw }] : [])] })
    },
    'talk.messages': ({ room: of, before, after, around, limit = 50 }) => {
      const all = MESSAGES.filter((each) => each.room === of && each.thread === null)
      const at = (wanted: string) => all.findIndex((each) => each.id === wanted)
      const first = find(of).unread > 0 ? unread.id : null
      if (before) return page(all, at(before) - limit, at(before), first)
      if (after) return page(all, at(after) + 1, at(after) + 1 + limit, first)
      if (around) return page(all, at(around) - Math.floor(limit / 2), at(around) + Math.floor(limit / 2) + 1, first)
      return page(all, all.length - limit, all.length, first)
    },
    'talk.thread': ({ message: of }) => ({ messages: [message(of), ...MESSAGES.filter((each) => each.thread === of)], has_before: false, has_after: false, first_unread: null }),
    'talk.message': ({ message: of }) => message(of),
    'talk.find': ({ query = '' }) => ({ found: MESSAGES.filter(({ text }) => text.toLowerCase().includes(query.toLowerCase())).slice(0, 20).map((each): FoundMessage => ({ web: 'family', name: find(each.room).name, who: each.who, at: each.at, text: each.text, room: each.room, message: each.id })), is_whole: false }),
    'talk.mark_read': ({ room: of }) => change(find(of), { unread: 0, mentions: 0 }),
    'talk.draft': ({ room: of = '', text = '' }) => { find(of).draft = text || null; return { follows: text.length <= 1_000, room: of } },
    'talk.mute': ({ room: of }) => find(of), 'talk.quiet': ({ room: of, loud }) => change(find(of), { is_quiet: !loud }),
    'talk.set': ({ web = '', tell_read, keep_read, quiet_from, quiet_until }) => Object.assign(settings, { web }, tell_read ? { tells_read: true } : keep_read ? { tells_read: false } : {}, quiet_from === undefined ? {} : { quiet_from }, quiet_until === undefined ? {} : { quiet_until }),
    'talk.who': ({ room: of }) => ({ who: (MEMBERS[find(of).web] ?? []).filter(({ name }) => find(of).kind === 'room' || find(of).persons.includes(name)).map((each): WhoView => ({ who: each.is_me ? 'you' : each.name, is_here: each.is_here, last_heard: each.last_heard, moderates: each.role === 'owner' || each.role === 'admin', is_named: false, is_muted: each.name === 'Uncle Ted', person: each.id })) }),
  }
}
