import { expect, test } from 'vitest'
import type { InboxEntry } from '../lib/views.ts'
import { itemsOf } from './items.ts'

const entry = (kind: string, at: number, more: Partial<InboxEntry> = {}): InboxEntry => ({
  kind, web: 'family', name: 'kitchen', unread: 1, who: 'Alice', text: 'pie?', at, room: 'r1', message: `m${at}`, ...more,
})

test('the newest stands first, after those who wait at a door', () => {
  const items = itemsOf({
    entries: [entry('room', 3, { unread: 4 }), entry('mail', 5, { room: '', name: 'INBOX', message: 'INBOX/7' })],
    waiting: [{ web: 'family', person: 'abc', since: 1 }],
    rang: [{ id: 's', query: 'pie', path: 'family/alice/a.txt', at: 4 }, { id: 's', query: 'pie', path: 'family/alice/b.txt', at: 2 }],
    told: [{ agent: 'family/digest', title: 'New today', text: '', at: 6 }, { agent: 'family/digest', title: 'New yesterday', text: '', at: 1 }],
  })
  expect(items.map(({ kind, count }) => `${kind} ${count}`)).toEqual(['waiting 1', 'agent 2', 'mail 1', 'search 2', 'room 4'])
  expect(items[1]).toMatchObject({ web: 'family', name: 'digest', text: 'New today', href: '#/agents/family?show=notices' })
  expect(items[3]?.text).toBe('family/alice/a.txt')
})

test('each leads to where it is read', () => {
  const hrefs = itemsOf({ entries: [entry('mail', 5, { name: 'INBOX', message: 'INBOX/7' }), entry('mention', 4, { message: 'm1' }), entry('direct', 3)], waiting: [], rang: [], told: [] }).map(({ href }) => href)
  expect(hrefs).toEqual(['#/mail/INBOX?message=INBOX%2F7', '#/room/r1?at=m1', '#/room/r1'])
})

test('a kind that is not known yet is left out', () => {
  expect(itemsOf({ entries: [entry('parcel', 5)], waiting: [], rang: [], told: [] })).toEqual([])
})
