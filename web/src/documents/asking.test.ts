import { expect, test } from 'vitest'
import type { Component } from './api.ts'
import { concerns } from './asking.ts'

const at = { number: 1, at: 0 }
const changed = (paths: string[], entries = paths.length) => ({ ...at, kind: 'files.changed', about: { share: 'w/a/s', entries, paths } })
const shown = (path: string, kind = 'file') => ({ target: { path, kind } }) as Component
const FILE = 'althing:file/ab/cd/ef'

test('a component is asked for again when its file changed, or might have', () => {
  expect(concerns(changed(['w/a/s/x.csv']), FILE, shown('w/a/s/x.csv'))).toBe(true)
  expect(concerns(changed(['w/a/s/y.csv']), FILE, shown('w/a/s/x.csv'))).toBe(false)
  expect(concerns(changed(['w/a/s/y.csv'], 900), FILE, shown('w/a/s/x.csv'))).toBe(true)
  expect(concerns(changed(['w/a/t/y.csv'], 900), FILE, shown('w/a/t/x.csv'))).toBe(false)
  expect(concerns(changed(['w/a/s/dir/y.csv']), FILE, shown('w/a/s/dir', 'folder'))).toBe(true)
})

test('what was missing, and what is looked for, may be there after any change', () => {
  expect(concerns(changed(['w/b/s/new']), FILE, shown(''))).toBe(true)
  expect(concerns(changed(['w/b/s/new']), FILE, null)).toBe(true)
  expect(concerns(changed(['w/b/s/new']), 'althing:query/ab?q=x', shown('x', 'query'))).toBe(true)
})

test('a document within does not follow files', () => {
  expect(concerns(changed(['w/a/s/x']), 'althing:document/ab/12', shown('', 'document'))).toBe(false)
})

test('a document within is asked for again when it was edited; odd events are nothing', () => {
  expect(concerns({ ...at, kind: 'pages.edited', about: { document: '12' } }, 'althing:document/ab/12', null)).toBe(true)
  expect(concerns({ ...at, kind: 'pages.edited', about: { document: '13' } }, 'althing:document/ab/12', null)).toBe(false)
  expect(concerns({ ...at, kind: 'pages.edited', about: null }, FILE, shown('w'))).toBe(false)
  expect(concerns({ ...at, kind: 'files.changed', about: 'x' }, FILE, shown('w/a/s/x'))).toBe(false)
  expect(concerns({ ...at, kind: 'pages.here', about: {} }, FILE, shown('w'))).toBe(false)
})
