// The map of a job's units: ranges become a few hundred tiles of equal size, and tiles become drawings. Pure.

/** A range of units as the peer tells it. */
export interface Range { first: number; count: number; state: 'running' | 'done' | 'parked' }

/** How many units are in which state. */
export interface Counts { done: number; running: number; parked: number; waiting: number }

/** Several units that follow each other, drawn as one. */
export interface Tile { first: number; count: number; done: number; running: number; parked: number }

const STATES: Partial<Record<number, Range['state']>> = { 1: 'running', 2: 'done', 3: 'parked' }

/** Reads ranges as they come; what is no range is left out. */
export function rangesOf(told: readonly unknown[][]): Range[] {
  return told.flatMap(([first, count, state]): Range[] => {
    const known = typeof state === 'number' ? STATES[state] : undefined
    return typeof first === 'number' && typeof count === 'number' && first >= 0 && count > 0 && known ? [{ first, count, state: known }] : []
  })
}

/** How many units there are: at least as many as the ranges reach. */
export function reach(ranges: readonly Range[], total: number): number {
  return ranges.reduce((most, { first, count }) => Math.max(most, first + count), total)
}

/** Counts units by state; what no range names waits. */
export function countUnits(ranges: readonly Range[], total: number): Counts {
  const counts: Counts = { done: 0, running: 0, parked: 0, waiting: 0 }
  for (const { state, count } of ranges) counts[state] += count
  counts.waiting = Math.max(0, total - counts.done - counts.running - counts.parked)
  return counts
}

/** How many units one tile stands for, so that there are at most so many tiles. */
export function unitsPerTile(total: number, tilesMax: number): number {
  return Math.max(1, Math.ceil(total / Math.max(1, tilesMax)))
}

/** Puts units into tiles. Takes time by tiles and ranges, not by units: a job may have billions. */
export function tilesOf(ranges: readonly Range[], total: number, tilesMax: number): Tile[] {
  const per = unitsPerTile(total, tilesMax)
  const tiles = Array.from({ length: Math.ceil(total / per) }, (_, index): Tile => ({ first: index * per, count: Math.min(per, total - index * per), done: 0, running: 0, parked: 0 }))
  for (const { first, count, state } of ranges) {
    const end = Math.min(first + count, total)
    for (let at = first; at < end;) {
      const tile = tiles[Math.floor(at / per)]
      if (!tile) break
      const stop = Math.min(end, tile.first + tile.count)
      tile[state] += stop - at
      at = stop
    }
  }
  return tiles
}

/** How tiles lie: squares of `pitch` pixels, so many in a row. */
export interface Layout { pitch: number; columns: number; tilesMax: number }

/** Pixels from tile to tile: few units get large tiles. */
const PITCHES = [[60, 26], [240, 18], [Infinity, 12]] as const
/** Rows of the smallest tiles: more than these would push everything else off the screen. */
const ROWS_MAX = 14

/** Chooses how tiles lie on a width. */
export function layoutOf(total: number, width: number): Layout {
  const pitch = (PITCHES.find(([most]) => total <= most) ?? PITCHES[2])[1]
  const columns = Math.max(1, Math.floor(width / pitch))
  return { pitch, columns, tilesMax: columns * ROWS_MAX }
}

/** Outlines of all tiles of a kind, each one path: thousands of tiles are five elements. */
export interface Drawing { waiting: string; done: string; running: string; parked: string; parkedGround: string; width: number; height: number }

/** Draws tiles. Each state has its form as well as its colour: full, a dot, a cross, empty. */
export function draw(tiles: readonly Tile[], { pitch, columns }: Layout): Drawing {
  const gap = pitch > 14 ? 3 : 2
  const side = pitch - gap
  const paths = { waiting: '', done: '', running: '', parked: '', parkedGround: '' }
  tiles.forEach((tile, index) => {
    const x = (index % columns) * pitch
    const y = Math.floor(index / columns) * pitch
    paths.waiting += box(x, y, side, side)
    // A cross would drown in a full tile: where one is parked, that is what is shown.
    if (tile.parked > 0) paths.parkedGround += box(x, y, side, side)
    else if (tile.done > 0) {
      // A tile that stands for many is full only when all of them are done.
      const height = tile.done === tile.count ? side : Math.max(1, Math.floor((side * tile.done) / tile.count))
      paths.done += box(x, y + side - height, side, height)
    }
    const inset = Math.round(side * 0.28)
    if (tile.parked > 0) paths.parked += `M${x + inset} ${y + inset}L${x + side - inset} ${y + side - inset}M${x + side - inset} ${y + inset}L${x + inset} ${y + side - inset}`
    else if (tile.running > 0) paths.running += box(x + inset, y + inset, side - 2 * inset, side - 2 * inset)
  })
  return { ...paths, width: columns * pitch - gap, height: Math.max(1, Math.ceil(tiles.length / columns)) * pitch - gap }
}

function box(x: number, y: number, width: number, height: number): string {
  return `M${x} ${y}h${width}v${height}h${-width}z`
}
