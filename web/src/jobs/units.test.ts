import { describe, expect, it } from 'vitest'
import { countUnits, draw, layoutOf, rangesOf, reach, tilesOf, unitsPerTile } from './units.ts'

const RANGES = rangesOf([[0, 4, 2], [4, 2, 1], [9, 1, 3]])

describe('ranges of units', () => {
  it('what is no range is left out', () => {
    expect(rangesOf([[0, 4, 2], [1, 2], ['a', 1, 2], [3, 1, 9], [5, 0, 2], [-1, 2, 2]])).toEqual([{ first: 0, count: 4, state: 'done' }])
  })

  it('what no range names waits', () => {
    expect(countUnits(RANGES, 12)).toEqual({ done: 4, running: 2, parked: 1, waiting: 5 })
  })

  it('a range beyond the known total says that there are more', () => {
    expect(reach(RANGES, 3)).toBe(10)
    expect(reach(RANGES, 50)).toBe(50)
  })
})

describe('tiles', () => {
  it('few units are a tile each', () => {
    const tiles = tilesOf(RANGES, 10, 100)
    expect(tiles).toHaveLength(10)
    expect(tiles[3]).toEqual({ first: 3, count: 1, done: 1, running: 0, parked: 0 })
    expect(tiles[6]).toEqual({ first: 6, count: 1, done: 0, running: 0, parked: 0 })
    expect(tiles[9]?.parked).toBe(1)
  })

  it('many units are binned, and nothing is lost between tiles', () => {
    const tiles = tilesOf(rangesOf([[0, 333, 2], [500, 7, 1]]), 1_000, 10)
    expect(tiles).toHaveLength(10)
    expect(tiles.map(({ done }) => done)).toEqual([100, 100, 100, 33, 0, 0, 0, 0, 0, 0])
    expect(tiles[5]?.running).toBe(7)
    expect(tiles.reduce((sum, { count }) => sum + count, 0)).toBe(1_000)
  })

  it('the last tile may stand for fewer', () => {
    expect(tilesOf([], 7, 3).map(({ count }) => count)).toEqual([3, 3, 1])
    expect(unitsPerTile(0, 10)).toBe(1)
    expect(tilesOf([], 0, 10)).toEqual([])
  })

  it('billions of units take no time', () => {
    const total = 4_000_000_000
    const tiles = tilesOf(rangesOf([[0, total / 2, 2]]), total, 700)
    expect(tiles.length).toBeLessThanOrEqual(700)
    expect(tiles.reduce((sum, { done }) => sum + done, 0)).toBe(total / 2)
  })

  it('the drawing is never wider than what it stands on', () => {
    for (const [total, width] of [[10, 300], [200, 340], [100_000, 900], [1, 5]] as const) {
      const layout = layoutOf(total, width)
      const tiles = tilesOf([], total, layout.tilesMax)
      expect(tiles.length).toBeLessThanOrEqual(layout.tilesMax)
      if (width > 26) expect(draw(tiles, layout).width).toBeLessThanOrEqual(width)
    }
  })

  it('a tile that stands for many is full only when all are done', () => {
    const layout = { pitch: 12, columns: 1, tilesMax: 1 }
    expect(draw(tilesOf(rangesOf([[0, 99, 2]]), 100, 1), layout).done).toBe('M0 1h10v9h-10z')
    expect(draw(tilesOf(rangesOf([[0, 100, 2]]), 100, 1), layout).done).toBe('M0 0h10v10h-10z')
    expect(draw(tilesOf(rangesOf([[0, 1, 2]]), 1_000, 1), layout).done).toBe('M0 9h10v1h-10z')
  })
})
