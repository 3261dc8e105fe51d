import { describe, expect, it } from 'vitest'
import { listOf, mapCommand, mapOf, NO_WISH, quote, wholeOf, wrong, type Wish } from './wish.ts'

const wish = (more: Partial<Wish>): Wish => ({ ...NO_WISH, program: './count.wasm', kind: 'range', range: '10', ...more })

describe('a new job', () => {
  it('only what is said is sent', () => {
    expect(mapOf(wish({}))).toEqual({ program: './count.wasm', range: 10 })
    expect(mapOf(wish({ kind: 'files', patterns: ' family/alice/** \n\nfamily/bob/a, b/*' }))).toEqual({ program: './count.wasm', in: ['family/alice/**', 'family/bob/a, b/*'] })
  })

  it('what belongs to another way of believing is not sent', () => {
    expect(mapOf(wish({ trust: 'own', people: 'bob', quorum: '2/3', spot: '2%' }))).toEqual({ program: './count.wasm', range: 10, trust: 'own' })
    expect(mapOf(wish({ trust: 'trusted', people: 'bob, carol' }))).toMatchObject({ trust: 'trusted', people: ['bob', 'carol'] })
    expect(mapOf(wish({ spot: '5%' }))).toEqual({ program: './count.wasm', range: 10, spot: '5%' })
  })

  it('what cannot be sent is named', () => {
    expect(wrong(wish({}))).toEqual([])
    expect(wrong(NO_WISH)).toEqual(['program', 'patterns'])
    expect(wrong(wish({ range: '0', seconds: '90000', memory: 'x', trust: 'trusted' }))).toEqual(['range', 'people', 'seconds', 'memory'])
  })

  it('numbers may be written with separators', () => {
    expect(wholeOf('1,000 000', 1, 1e9)).toBe(1_000_000)
    expect(wholeOf('1.5', 1, 9)).toBeNull()
    expect(listOf('a, b\nc')).toEqual(['a', 'b', 'c'])
  })

  it('the command does the same', () => {
    expect(mapCommand(wish({ text: 'size=100', isExactNan: true }))).toBe('althing map ./count.wasm --range 10 --arguments size=100 --exact-nan')
    expect(mapCommand(wish({ kind: 'files', patterns: 'family/alice/**\nfamily/bob/*', reduce: './sum.wasm' }))).toBe("althing map ./count.wasm --in 'family/alice/**' --in 'family/bob/*' --reduce ./sum.wasm")
    expect(quote("it's")).toBe("'it'\\''s'")
  })
})
