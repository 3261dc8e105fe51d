// Words of a conversation: how far a message has got, whom it names, and hours of the day. Pure.
import { plain } from '../lib/names.ts'
import { t } from '../lib/strings.ts'
import type { MessageView } from '../lib/views.ts'

/** Bytes of a message at most (specs/talk.md, rule 7). */
export const TEXT_MAX = 16_384
export const PEOPLE_MAX = 15

export function isTooLong(text: string): boolean {
  return new TextEncoder().encode(text).length > TEXT_MAX
}

/** How far a message of one's own has got; empty for others'. What is said is never more than was heard back. */
export function reached({ state, sent, delivered, read, persons }: MessageView): string {
  const words = t.rooms.state
  if (state === 'read') return persons === 1 ? words.readOne : words.read
  if (read.length > 0) return words.readSome(read.length, persons)
  if (state === 'delivered') return persons === 1 ? words.deliveredOne : words.delivered
  if (delivered.length > 0) return words.reached(delivered.length, persons)
  if (state === 'sent') return words.sent(sent)
  return state === 'held' ? words.held : state === 'waiting' ? words.waiting : ''
}

/** The beginning of a text on one line, for lists and quotes. */
export function begins(text: string): string {
  return plain(text.slice(0, 400).replace(/\s+/g, ' ')).slice(0, 120)
}

/** Cuts a text where it names members, longest names first. */
export function named(text: string, labels: readonly string[]): { text: string; isName: boolean }[] {
  const names = labels.filter((label) => label !== '').toSorted((left, right) => right.length - left.length).map((label) => `@${label}`)
  const found: { text: string; isName: boolean }[] = []
  let from = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const name = at < from ? undefined : names.find((each) => text.startsWith(each, at))
    if (name === undefined) continue
    if (at > from) found.push({ text: text.slice(from, at), isName: false })
    found.push({ text: name, isName: true })
    from = at + name.length
  }
  if (from < text.length) found.push({ text: text.slice(from), isName: false })
  return found
}

/** The beginning of a name that is being written before the caret; nothing when none is. */
export function nameBegun(text: string, caret: number): { from: number; begun: string } | null {
  const before = text.slice(0, caret)
  const at = before.lastIndexOf('@')
  if (at < 0 || (at > 0 && !/[\s(]/.test(before[at - 1] ?? ''))) return null
  const begun = before.slice(at + 1)
  return /^\s|\n|\s{2}/.test(begun) || begun.length > 40 ? null : { from: at, begun }
}

/** Members whose name, or a word of it, begins so; at most eight. */
export function completions(begun: string, labels: readonly string[]): string[] {
  const wanted = begun.toLocaleLowerCase()
  const fits = (label: string) => label.toLocaleLowerCase().startsWith(wanted) || label.toLocaleLowerCase().split(/\s+/).some((word) => word.startsWith(wanted))
  return labels.filter((label) => fits(label) && label !== begun).slice(0, 8)
}

/** A minute of the day in UTC as this computer's clock shows it, `07:30`; and back. The offset is minutes behind UTC, as `Date` tells it. */
export function clockOf(minute: number, offset: number): string {
  const local = (((minute - offset) % 1_440) + 1_440) % 1_440
  return `${String(Math.floor(local / 60)).padStart(2, '0')}:${String(local % 60).padStart(2, '0')}`
}

export function minuteOf(clock: string, offset: number): number | null {
  const [, hours, minutes] = /^(\d{2}):(\d{2})/.exec(clock) ?? []
  if (hours === undefined) return null
  return (((Number(hours) * 60 + Number(minutes) + offset) % 1_440) + 1_440) % 1_440
}
