import { describe, expect, it } from 'vitest'
import { extension, isolated, parts, plain } from './names.ts'

describe('names of others', () => {
  it('what cannot be seen is shown as a sign', () => {
    expect(plain('a\nb')).toBe('a␊b')
    expect(plain('turn \u202Egnp.exe')).toBe('turn U+202Egnp.exe')
    expect(plain('\u200b')).toBe('U+200B')
    expect(plain('a\u0000')).toBe('a␀')
    expect(plain('lone \ud800')).toBe('lone U+D800')
    expect(parts('a\tb')).toEqual([
      { text: 'a', isHidden: false }, { text: '␉', isHidden: true }, { text: 'b', isHidden: false },
    ])
  })

  it('what can be seen stays as it is', () => {
    for (const name of ['__proto__', 'مستند مهم.pdf', '👩🏽‍🚀.png', 'می‌خواهم', 'नमस्‍ते', '<b>', 'ü', '❤️']) {
      expect(plain(name)).toBe(name)
    }
  })

  it('a joiner among Latin letters only deceives, so it is shown', () => {
    expect(plain('pay\u200dpal')).toBe('payU+200Dpal')
    expect(plain('👩\u200dx')).toBe('👩U+200Dx')
  })

  it('a name cannot turn the sentence around it', () => {
    expect(isolated('abc')).toBe('\u2068abc\u2069')
    expect(isolated('\u2069x')).toBe('\u2068U+2069x\u2069')
  })

  it('the ending is what stands after the last dot', () => {
    expect(extension('a.tar.GZ')).toBe('gz')
    expect(extension('.hidden')).toBe('')
    expect(extension('none')).toBe('')
  })
})
