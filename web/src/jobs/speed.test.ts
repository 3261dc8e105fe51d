import { describe, expect, it } from 'vitest'
import { ends, graphOf, perMinute } from './speed.ts'

describe('the speed graph', () => {
  it('the fastest span touches the top, nothing touches the foot', () => {
    expect(graphOf([0, 5, 10], 100, 40)).toEqual({ line: 'M0 40L50 20L100 0', area: 'M0 40L50 20L100 0V40H0z', most: 120, now: 120 })
  })

  it('nothing done is a line at the foot, no spans are no line', () => {
    expect(graphOf([0, 0], 10, 4).line).toBe('M0 4L10 4')
    expect(graphOf([], 10, 4)).toEqual({ line: '', area: '', most: 0, now: 0 })
    expect(graphOf([3], 10, 4).line).toBe('M10 0')
  })

  it('a span of five seconds is a twelfth of a minute', () => expect(perMinute(4)).toBe(48))
})

describe('when a job ends', () => {
  const check = (time_left: string, seconds_left: number | null, has_more: boolean, text: string) => expect(ends({ time_left, seconds_left, has_more })).toBe(text)
  it('is said as far as it is known', () => {
    check('about 90 s', 90, false, '2 min left')
    check('about 20 s', 20, false, '20 s left')
    check('90 s at least', 90, true, '2 min left at least')
    check('unknown', null, false, 'time left not known')
    check('', null, false, '')
  })
})
