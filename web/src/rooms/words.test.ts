import { describe, expect, it } from 'vitest'
import type { MessageView } from '../lib/views.ts'
import { clockOf, completions, isTooLong, minuteOf, named, nameBegun, reached } from './words.ts'

const of = (more: Partial<MessageView>) => reached({ state: 'held', sent: 0, delivered: [], read: [], persons: 3, ...more } as MessageView)

describe('how far a message has got', () => {
  it('is never said to be further than was heard back', () => {
    expect(of({ state: 'waiting' })).toBe('Waiting on this computer')
    expect(of({})).toBe('Kept on this computer; nobody else has it yet')
    expect(of({ state: 'sent', sent: 1 })).toBe('On 1 computer of others')
    expect(of({ state: 'sent', sent: 2, delivered: ['Bob'] })).toBe('Delivered to 1 of 3')
    expect(of({ state: 'delivered', delivered: ['Bob', 'Carol', 'Ted'] })).toBe('Delivered to everybody')
    expect(of({ state: 'delivered', read: ['Bob'] })).toBe('Read by 1 of 3')
    expect(of({ state: 'read', read: ['Bob'], persons: 1 })).toBe('Read')
    expect(of({ state: '' })).toBe('')
  })
})

describe('names in a text', () => {
  it('are found, the longest first, and nothing is lost', () => {
    const pieces = named('hi @Bob, the builder and @Bob!', ['Bob', 'Bob, the builder', ''])
    expect(pieces.filter(({ isName }) => isName).map(({ text }) => text)).toEqual(['@Bob, the builder', '@Bob'])
    expect(pieces.map(({ text }) => text).join('')).toBe('hi @Bob, the builder and @Bob!')
    expect(named('a@b', [])).toEqual([{ text: 'a@b', isName: false }])
  })

  it('are completed while they are written, not within addresses', () => {
    expect(nameBegun('hello @Bo', 9)).toEqual({ from: 6, begun: 'Bo' })
    expect(nameBegun('@', 1)).toEqual({ from: 0, begun: '' })
    expect(nameBegun('me@exam', 7)).toBeNull()
    expect(nameBegun('@Bob\nsaid', 9)).toBeNull()
    expect(completions('te', ['Uncle Ted', 'Ted', 'Bob'])).toEqual(['Uncle Ted', 'Ted'])
    expect(completions('Ted', ['Ted'])).toEqual([])
  })
})

describe('a text', () => {
  it('is measured in bytes', () => {
    expect(isTooLong('ü'.repeat(8_192))).toBe(false)
    expect(isTooLong('ü'.repeat(8_193))).toBe(true)
  })
})

describe('a quiet hour', () => {
  it('is shown by this computer’s clock and sent in UTC', () => {
    expect(clockOf(1_320, -120)).toBe('00:00')
    expect(clockOf(60, 300)).toBe('20:00')
    expect([minuteOf('00:00', -120), minuteOf('20:00', 300), minuteOf('', 0)]).toEqual([1_320, 60, null])
    for (const minute of [0, 1, 719, 1_439]) expect(minuteOf(clockOf(minute, -330), -330)).toBe(minute)
  })
})
