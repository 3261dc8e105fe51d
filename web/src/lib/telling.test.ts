import { describe, expect, it } from 'vitest'
import { fromAudit, fromEvents, fromPages, fromPeople, together, unseen } from './telling.ts'
import type { AuditView, Event, NewsView } from './views.ts'

const changed = (number: number, at: number, share: string, ...paths: string[]): Event => ({
  number, at, kind: 'files.changed', about: { web: 'x', share, entries: paths.length, paths },
})

const act = (at: number, kind: string): AuditView => ({
  at, by: 'alice', what: `did ${kind}`, is_void: false, why_void: '', kind, person: null, about: null, device: 'd', entry: `${kind} ${at}`,
})

describe("what's new", () => {
  it('changes in one share that come together are one thing', () => {
    const items = fromEvents([changed(1, 0, 'w/bob/s', 'a', 'b'), changed(2, 60_000, 'w/bob/s', 'c'), changed(3, 61_000, 'w/ted/t', 'd')])
    expect(items.map(({ who, count, paths }) => [who, count, paths])).toEqual([['ted', 1, ['d']], ['bob', 3, ['c', 'a', 'b']]])
  })

  it('one file saved again and again is one change', () => {
    expect(fromEvents([1, 2, 3].map((n) => changed(n, n * 1_000, 'w/bob/s', 'a')))[0]?.count).toBe(1)
  })

  it('of many changes only so many are claimed as are known', () => {
    const many = (number: number) => ({ ...changed(number, number, 'w/bob/s', 'a'), about: { share: 'w/bob/s', entries: 500, paths: ['a'] } })
    const [item] = fromEvents([many(1), many(2)])
    expect([item?.count, item?.isMore]).toEqual([500, true])
  })

  it('later changes are another thing', () => {
    expect(fromEvents([changed(1, 0, 'w/bob/s', 'a'), changed(2, 3_600_000, 'w/bob/s', 'a')])).toHaveLength(2)
  })

  it('what one does oneself is no news to oneself', () => {
    const events = [changed(1, 0, 'w/bob/s', 'a'), changed(2, 1, 'w/bob/s', 'b'), changed(3, 2, 'w/ted/t', 'c')]
    expect(unseen(events, 0, [])).toBe(2)
    expect(unseen(events, 0, ['w/bob/s'])).toBe(1)
    expect(unseen(events, 3, [])).toBe(0)
  })

  it('what is not understood is left out', () => {
    const odd: Event[] = [
      { number: 1, at: 1, kind: 'files.changed', about: null }, { number: 2, at: 1, kind: 'files.changed', about: { share: 7 } },
      { number: 3, at: 1, kind: 'new.kind', about: {} },
    ]
    expect(fromEvents(odd)).toEqual([])
  })

  it('only acts that people care about are told: no keys, no invitations', () => {
    const acts = fromAudit('w', ['start', 'key', 'invite', 'join', 'admit', 'serve', 'remove'].map((kind, at) => act(at, kind)))
    expect(acts.map(({ what }) => what)).toEqual(['did remove', 'did join', 'did start'])
  })

  it('what should be known of a person is told, loudly when it concerns who somebody is', () => {
    const one: NewsView = { at: 1, web: 'w', who: 'Bob~0a1b2c', what: 'calls itself Bob', kind: 'namesake', is_loud: true, person: 'p' }
    expect(fromPeople([one, { ...one, kind: 'renamed', is_loud: false }]).map(({ who, isLoud }) => [who, isLoud])).toEqual([['Bob~0a1b2c', true], ['Bob~0a1b2c', false]])
    expect(new Set(fromPeople([one, { ...one, kind: 'renamed' }]).map(({ key }) => key)).size).toBe(2)
  })

  it('acts on people stand between changes by time', () => {
    const acts = fromAudit('w', [act(30_000, 'join')])
    expect(together(fromEvents([changed(1, 0, 'w/bob/s', 'a')]), acts).map(({ kind }) => kind)).toEqual(['people', 'files'])
  })
})

it('documents, sites and links are told; files only where no event told of them', () => {
  const news = (kind: string, path: string) => ({ kind, title: kind, what: 'new', who: 'bob', web: 'w', at: 5, path, link: '' })
  const told = fromEvents([{ number: 1, at: 1, kind: 'files.changed', about: { share: 'w/bob/s', entries: 1, paths: ['w/bob/s/a'] } }])
  const items = fromPages([news('document', ''), news('site', 'w/bob/s'), news('file', 'w/bob/s/a'), news('file', 'w/bob/s/b'), news('link', ''), news('something', '')], told)
  expect(items.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['document ', 'site w/bob/s', 'file w/bob/s/b', 'link '])
  expect(new Set(items.map(({ key }) => key)).size).toBe(items.length)
})
