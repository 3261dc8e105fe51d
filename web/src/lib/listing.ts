// Keeps a long listing in step with the peer: pages are appended, and a part that was read again replaces the
// old part without moving anything around it. Pure; the calls are in folder.svelte.ts.
import type { EntryView } from './views.ts'
import { compareNames } from './paths.ts'

/** Appends a page; entries that are there already are replaced, so that overlapping pages do no harm. */
export function append(rows: EntryView[], page: EntryView[]): EntryView[] {
  const first = page[0]
  if (!first) return rows
  let keep = rows.length
  while (keep > 0 && compareNames(rows[keep - 1]?.name ?? '', first.name) >= 0) keep -= 1
  return [...rows.slice(0, keep), ...page]
}

/**
 * Replaces what lies after `after` by what was read again.
 *
 * `isEnd` says that nothing lies behind the page; then all that follows is gone. Rows behind the page stay.
 */
export function replaceAfter(
  rows: EntryView[], after: string | undefined, page: EntryView[], isEnd: boolean,
): EntryView[] {
  const start = after === undefined ? 0 : firstAfter(rows, after)
  if (isEnd) return [...rows.slice(0, start), ...page]
  const lastName = page.at(-1)?.name
  if (lastName === undefined) return rows
  return [...rows.slice(0, start), ...page, ...rows.slice(firstAfter(rows, lastName))]
}

/** The index of the first row whose name comes after the given one. */
export function firstAfter(rows: EntryView[], name: string): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareNames(rows[middle]?.name ?? '', name) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

export type Column = 'name' | 'size' | 'changed'
export interface Order {
  column: Column
  isDescending: boolean
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** Orders rows for showing: folders before files, then by the column; the given array stays as it is. */
export function ordered(rows: EntryView[], order: Order): EntryView[] {
  const turn = order.isDescending ? -1 : 1
  return rows.toSorted((left, right) => {
    const group = rank(left) - rank(right)
    if (group !== 0) return group
    return turn * compare(left, right, order.column) || collator.compare(left.name, right.name)
  })
}

/** Keeps the rows whose names hold every word. */
export function filtered(rows: EntryView[], query: string): EntryView[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const name = row.name.toLowerCase()
    return words.every((word) => name.includes(word))
  })
}

function rank(row: EntryView): number {
  return row.kind === 'file' || row.kind === 'link' ? 1 : 0
}

function compare(left: EntryView, right: EntryView, column: Column): number {
  if (column === 'size') return (left.size ?? -1) - (right.size ?? -1)
  if (column === 'changed') return (left.changed ?? 0) - (right.changed ?? 0)
  return collator.compare(left.name, right.name)
}
