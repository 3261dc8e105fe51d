import { describe, expect, it } from 'vitest'
import { append, filtered, ordered, replaceAfter } from './listing.ts'
import type { EntryView } from './views.ts'

const row = (name: string, more: Partial<EntryView> = {}): EntryView => ({
  name, kind: 'file', size: 1, changed: 1, revision: 1, have: 1, freshness: 'newest-here', who: [], note: '', path: name, ...more,
})
const rows = (...names: string[]) => names.map((name) => row(name))
const names = (found: EntryView[]) => found.map(({ name }) => name).join(' ')

describe('a long listing', () => {
  it('grows page by page; overlapping pages do no harm', () => {
    expect(names(append(rows('a', 'b'), rows('c', 'd')))).toBe('a b c d')
    expect(names(append(rows('a', 'b'), rows('b', 'c')))).toBe('a b c')
    expect(names(append([], rows('a')))).toBe('a')
    expect(names(append(rows('a'), []))).toBe('a')
  })

  it('a part read again replaces that part and nothing else', () => {
    expect(names(replaceAfter(rows('a', 'b', 'c', 'd'), 'a', rows('b', 'bb', 'c'), false))).toBe('a b bb c d')
    expect(names(replaceAfter(rows('a', 'b', 'c', 'd'), 'a', rows('c'), false))).toBe('a c d')
    expect(names(replaceAfter(rows('a', 'b', 'c', 'd'), undefined, rows('b'), false))).toBe('b c d')
  })

  it('what came after the end is gone', () => {
    expect(names(replaceAfter(rows('a', 'b', 'c'), 'a', rows('b'), true))).toBe('a b')
    expect(names(replaceAfter(rows('a', 'b'), undefined, [], true))).toBe('')
  })

  it('keeps its place when the row it started after is gone', () => {
    expect(names(replaceAfter(rows('a', 'c', 'd'), 'b', rows('c', 'cc'), false))).toBe('a c cc d')
  })
})

describe('order and filter', () => {
  it('folders come first, numbers in names count as numbers', () => {
    const mixed = [row('10.txt'), row('9.txt'), row('z', { kind: 'folder' })]
    expect(names(ordered(mixed, { column: 'name', isDescending: false }))).toBe('z 9.txt 10.txt')
    expect(names(ordered(mixed, { column: 'name', isDescending: true }))).toBe('z 10.txt 9.txt')
    expect(names(mixed)).toBe('10.txt 9.txt z')
  })

  it('sizes and dates are ordered as such', () => {
    const some = [row('a', { size: 5, changed: 9 }), row('b', { size: 50, changed: 1 }), row('c', { size: null, changed: null })]
    expect(names(ordered(some, { column: 'size', isDescending: true }))).toBe('b a c')
    expect(names(ordered(some, { column: 'changed', isDescending: true }))).toBe('a b c')
  })

  it('every word must occur', () => {
    const some = rows('Q4 Roadmap.md', 'q4 budget.csv', '__proto__')
    expect(names(filtered(some, 'q4 ROAD'))).toBe('Q4 Roadmap.md')
    expect(names(filtered(some, 'proto'))).toBe('__proto__')
    expect(filtered(some, '  ')).toHaveLength(3)
  })
})
