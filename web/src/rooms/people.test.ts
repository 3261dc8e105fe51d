import { expect, test } from 'vitest'
import type { WhoView } from '../lib/views.ts'
import { mayMute, mayName, moderatesAs, namedWith } from './people.ts'

const who = (name: string, more: Partial<WhoView> = {}): WhoView => ({ who: name, is_here: true, last_heard: null, moderates: false, is_named: false, is_muted: false, person: name, ...more })
const all = { moderates: true, leads: true }

test('moderators are not muted, and nobody mutes oneself', () => {
  expect(mayMute(who('Bob'), all)).toBe(true)
  expect(mayMute(who('Bob', { moderates: true }), all)).toBe(false)
  expect(mayMute(who('you'), all)).toBe(false)
  expect(mayMute(who('Bob'), { moderates: false, leads: false })).toBe(false)
  expect(mayMute(who('Bob', { is_muted: true, moderates: true }), all)).toBe(true)
})

test('only who leads names moderators, and only members who are none yet', () => {
  expect(mayName(who('Bob'), 'member', all)).toBe(true)
  expect(mayName(who('Bob'), 'guest', all)).toBe(false)
  expect(mayName(who('Bob', { moderates: true }), 'admin', all)).toBe(false)
  expect(mayName(who('Bob', { moderates: true, is_named: true }), 'member', all)).toBe(true)
  expect(mayName(who('Bob'), 'member', { moderates: true, leads: false })).toBe(false)
})

test('all who are named stay named', () => {
  const people = [who('you', { is_named: true }), who('Bob'), who('Carol', { is_named: true, moderates: true })]
  expect(namedWith(people, people[1]!)).toEqual(['you', 'Carol', 'Bob'])
  expect(namedWith(people, people[2]!)).toEqual(['you'])
})

test('it is said by what somebody moderates', () => {
  expect(moderatesAs(who('Bob'), 'admin')).toBe(null)
  expect(moderatesAs(who('Bob', { moderates: true }), 'owner')).toBe('admin')
  expect(moderatesAs(who('Bob', { moderates: true }), 'member')).toBe('begun')
  expect(moderatesAs(who('Bob', { moderates: true, is_named: true }), 'member')).toBe('named')
})
