import { describe, expect, it } from 'vitest'
import { ago, count, duration, percent, size, speed, until } from './format.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

describe('numbers', () => {
  it('sizes read as the command line writes them', () => {
    const check = (bytes: number, text: string) => expect(size(bytes)).toBe(text)
    check(0, '0 B')
    check(999, '999 B')
    check(1_000, '1.0 kB')
    check(999_999, '999.9 kB')
    check(1_234_567, '1.2 MB')
    check(4_294_967_296, '4.2 GB')
    expect(speed(48_200_000)).toBe('48.2 MB/s')
    expect(count(100_000)).toBe('100,000')
  })

  it('nothing is at 100 % before all of it is there', () => {
    expect(percent(999_999, 1_000_000)).toBe(99)
    expect(percent(1_000_000, 1_000_000)).toBe(100)
    expect(percent(0, 0)).toBe(100)
    expect(percent(5, 0)).toBe(100)
    expect(percent(0, 10)).toBe(0)
  })
})

describe('times', () => {
  it('durations are coarse', () => {
    expect(duration(51)).toBe('51 s')
    expect(duration(59.6)).toBe('1 min')
    expect(duration(3_600)).toBe('1 h')
    expect(duration(7_500)).toBe('2 h 5 min')
    expect(duration(86_400)).toBe('1 day')
    expect(duration(-5)).toBe('0 s')
  })

  it('the past is told in one unit, far past as a date, the future as such', () => {
    expect(ago(NOW - 10_000, NOW)).toBe('just now')
    expect(ago(NOW - 5 * 3_600_000, NOW)).toBe('5 h ago')
    expect(ago(NOW - 3 * 86_400_000, NOW)).toBe('3 days ago')
    expect(ago(NOW - 30 * 86_400_000, NOW)).toBe('23 Oct')
    expect(ago(NOW - 400 * 86_400_000, NOW)).toMatch(/2025/)
    expect(ago(NOW + 3_600_000, NOW)).toBe('in 1 h')
  })

  it('an end that has passed is over', () => {
    expect(until(NOW - 1, NOW)).toBe('over')
    expect(until(NOW + 6 * 86_400_000, NOW)).toBe('in 6 days')
  })
})
