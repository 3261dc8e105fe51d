import { describe, expect, it } from 'vitest'
import { marked } from './marks.ts'

/** Marks words of a text as the peer does: by the bytes of UTF-8. */
function bytes(text: string, ...words: string[]): [number, number][] {
  const encoder = new TextEncoder()
  return words.map((word) => {
    const from = encoder.encode(text.slice(0, text.indexOf(word))).length
    return [from, from + encoder.encode(word).length]
  })
}

const hits = (text: string, ranges: readonly unknown[]) => marked(text, ranges).filter(({ isHit }) => isHit).map((part) => part.text)
const whole = (text: string, ranges: readonly unknown[]) => marked(text, ranges).map((part) => part.text).join('')

describe('words marked in a snippet', () => {
  it('are found by bytes, whatever the script', () => {
    for (const [text, word] of [
      ['Plant the orchard.', 'orchard'], ['Bäume für die Wiese', 'Wiese'], ['مستند مهم جدا', 'مهم'], ['社會科學院語學', '科學'],
      ['👩🏽‍🚀 and 🌳 here', 'here'], ['🌳🌳🌳', '🌳🌳🌳'], ['na\u0308chste', 'na\u0308chste'],
    ] as const) {
      expect(hits(text, bytes(text, word))).toEqual([word])
      expect(whole(text, bytes(text, word))).toBe(text)
    }
  })

  it('several words stand apart, those that touch become one', () => {
    const text = 'über den Teich, über Wasser'
    expect(hits(text, bytes(text, 'den', 'Wasser'))).toEqual(['den', 'Wasser'])
    expect(marked('abcd', [[0, 2], [2, 4]])).toEqual([{ text: 'abcd', isHit: true }])
    expect(marked('abcd', [[0, 3], [1, 2]])).toEqual([{ text: 'abc', isHit: true }, { text: 'd', isHit: false }])
  })

  it('a range inside of a character takes the whole character', () => {
    expect(hits('aüb', [[2, 3]])).toEqual(['ü'])
    expect(hits('a🌳b', [[2, 4]])).toEqual(['🌳'])
  })

  it('ranges that make no sense mark nothing and lose nothing', () => {
    for (const ranges of [[], [[5, 2]], [[2, 2]], [[-3, -1]], [[90, 99]], [['a', 'b']], [[NaN, 4]], [null, 7, {}]]) {
      expect(marked('Plant', ranges)).toEqual([{ text: 'Plant', isHit: false }])
    }
    expect(marked('Plant', [[2, 4_294_967_295]])).toEqual([{ text: 'Pl', isHit: false }, { text: 'ant', isHit: true }])
    expect(marked('', [[0, 4]])).toEqual([])
  })

  it('ranges in disorder mark as those in order do', () => {
    expect(hits('one two six', [[8, 11], [0, 3]])).toEqual(['one', 'six'])
  })
})
