// Which rows of a long list are drawn. Pure arithmetic, so that a million rows cost what thirty do.
// Browsers cannot lay out more than about 33 million pixels; beyond TALLEST the scroll position is scaled.

/** Pixels a list is laid out at most. */
export const TALLEST = 12_000_000

/** Rows drawn above and below what can be seen, so that fast scrolling shows no gaps. */
const SPARE = 8

export interface ListShape {
  count: number
  rowHeight: number
  viewport: number
  scrollTop: number
}

export interface DrawnRows {
  /** First row drawn. */
  start: number
  /** One after the last row drawn. */
  end: number
  /** Pixels from the top of the laid-out area to the first drawn row. */
  offset: number
  /** Pixels the laid-out area is high. */
  height: number
}

/** Returns the rows to draw. */
export function drawn({ count, rowHeight, viewport, scrollTop }: ListShape): DrawnRows {
  const whole = count * rowHeight
  const height = Math.min(whole, TALLEST)
  const top = trueTop(scrollTop, whole, height, viewport)
  const start = Math.max(0, Math.floor(top / rowHeight) - SPARE)
  const end = Math.min(count, Math.ceil((top + viewport) / rowHeight) + SPARE)
  // Where the scroll position is scaled, rows stand relative to what is seen now.
  const offset = Math.max(0, start * rowHeight - top + Math.min(scrollTop, Math.max(0, height - viewport)))
  return { start: Math.min(start, end), end, offset: whole > height ? offset : start * rowHeight, height }
}

/** Returns the scroll position that brings a row into view with the least movement. */
export function reveal(row: number, { count, rowHeight, viewport, scrollTop }: ListShape): number {
  const whole = count * rowHeight
  const height = Math.min(whole, TALLEST)
  const top = trueTop(scrollTop, whole, height, viewport)
  let wanted = top
  if (row * rowHeight < top) wanted = row * rowHeight
  else if ((row + 1) * rowHeight > top + viewport) wanted = (row + 1) * rowHeight - viewport
  if (wanted === top) return scrollTop
  return scaled(wanted, whole - viewport, height - viewport)
}

function trueTop(scrollTop: number, whole: number, height: number, viewport: number): number {
  const shown = Math.max(0, Math.min(scrollTop, height - viewport))
  return scaled(shown, height - viewport, whole - viewport)
}

function scaled(value: number, from: number, to: number): number {
  return from <= 0 || from === to ? value : (value / from) * to
}
