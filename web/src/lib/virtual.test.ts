import { describe, expect, it } from 'vitest'
import { drawn, reveal, TALLEST } from './virtual.ts'

const shape = (more: object) => ({ count: 1_000, rowHeight: 40, viewport: 400, scrollTop: 0, ...more })

describe('a list that draws only what is seen', () => {
  it('draws what is seen and a few more', () => {
    const { start, end, offset, height } = drawn(shape({ scrollTop: 4_000 }))
    expect(start).toBeLessThanOrEqual(100)
    expect(end).toBeGreaterThanOrEqual(110)
    expect(end - start).toBeLessThan(40)
    expect(offset).toBe(start * 40)
    expect(height).toBe(40_000)
  })

  it('draws nothing of nothing and never more than there is', () => {
    expect(drawn(shape({ count: 0 }))).toEqual({ start: 0, end: 0, offset: 0, height: 0 })
    expect(drawn(shape({ count: 3 })).end).toBe(3)
    expect(drawn(shape({ count: 20, scrollTop: 9_999 })).end).toBe(20)
  })

  it('a million rows stay below what a browser can lay out, and the last one can be reached', () => {
    const million = shape({ count: 1_000_000 })
    const { height } = drawn(million)
    expect(height).toBe(TALLEST)
    const bottom = drawn({ ...million, scrollTop: height - 400 })
    expect(bottom.end).toBe(1_000_000)
    // The last row ends where the laid-out area ends.
    expect(bottom.offset + (bottom.end - bottom.start) * 40).toBeCloseTo(height, 3)
  })

  it('drawn rows cover the viewport wherever one scrolls to', () => {
    for (const count of [1, 9, 10, 11, 1_000, 400_000, 2_000_000]) {
      for (let step = 0; step <= 20; step += 1) {
        const { height } = drawn(shape({ count }))
        const scrollTop = (Math.max(0, height - 400) * step) / 20
        const { start, end, offset } = drawn(shape({ count, scrollTop }))
        expect(offset).toBeLessThanOrEqual(scrollTop + 0.001)
        expect(offset + (end - start) * 40).toBeGreaterThanOrEqual(Math.min(scrollTop + 400, height) - 0.001)
      }
    }
  })

  it('moves as little as needed to bring a row into view', () => {
    expect(reveal(5, shape({}))).toBe(0)
    expect(reveal(10, shape({}))).toBe(40)
    expect(reveal(0, shape({ scrollTop: 500 }))).toBe(0)
    const million = shape({ count: 1_000_000 })
    const at = reveal(777_777, million)
    const { start, end } = drawn({ ...million, scrollTop: at })
    expect(start).toBeLessThanOrEqual(777_777)
    expect(end).toBeGreaterThan(777_777)
  })
})
