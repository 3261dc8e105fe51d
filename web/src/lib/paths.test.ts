import { describe, expect, it } from 'vitest'
import { compareNames, crumbs, decode, encode, isWithin, join, last, parent, webOf } from './paths.ts'

describe('paths', () => {
  it('parts are found', () => {
    expect(parent('fam/alice/docs')).toBe('fam/alice')
    expect(parent('fam')).toBe('')
    expect(last('fam/alice')).toBe('alice')
    expect(webOf('fam/alice')).toBe('fam')
    expect(join('fam', '', 'alice')).toBe('fam/alice')
    expect(crumbs('fam/alice')).toEqual([{ name: 'fam', path: 'fam' }, { name: 'alice', path: 'fam/alice' }])
  })

  it('every name survives the way through an address', () => {
    for (const name of ['a?b#c&d', '%2e%2e', '..', 'a b', 'ü', '\n', '\u202e', '__proto__', '100%', "'\"<>", '👩🏽‍🚀']) {
      expect(decode(encode(`web/${name}/x`))).toBe(`web/${name}/x`)
    }
  })

  it('a badly escaped address does not break the page', () => {
    expect(decode('a/%E0%A4%A/b')).toBe('a/%E0%A4%A/b')
    expect(encode('lone \ud800')).toBe('lone%20%EF%BF%BD')
  })

  it('within means the folder itself or below, not a longer name', () => {
    expect(isWithin('a/b', 'a')).toBe(true)
    expect(isWithin('a', 'a')).toBe(true)
    expect(isWithin('ab', 'a')).toBe(false)
    expect(isWithin('a', '')).toBe(true)
  })

  it('names are ordered as the peer orders them, by UTF-8 bytes', () => {
    const names = ['b', '\u{1f600}', '\uffee', 'a', 'ab', 'B']
    const byBytes = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
    expect(names.toSorted(compareNames)).toEqual(byBytes)
  })
})
