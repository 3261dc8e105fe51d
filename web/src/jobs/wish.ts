// What a person fills in for a new job, as the peer takes it and as the command that does the same. Pure.
import type { MapArguments, Trust } from '../lib/views.ts'

/** The form as it stands: all of it is text. */
export interface Wish {
  program: string; web: string
  kind: 'files' | 'range'
  patterns: string; range: string
  text: string; reduce: string; out: string; name: string
  trust: Trust; people: string; quorum: string; spot: string
  seconds: string; memory: string
  isAnew: boolean; isExactNan: boolean
}

export const NO_WISH: Wish = {
  program: '', web: '', kind: 'files', patterns: '', range: '', text: '', reduce: '', out: '', name: '', trust: 'adaptive', people: '', quorum: '', spot: '', seconds: '', memory: '', isAnew: false, isExactNan: false,
}

/** Reads a whole number of a field, within limits; nothing when it is none. */
export function wholeOf(text: string, least: number, most: number): number | null {
  const clean = text.trim().replaceAll(/[ ,_]/g, '')
  if (!/^\d+$/.test(clean)) return null
  const value = Number(clean)
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : null
}

/** Splits a field of several things, one a line or between commas. */
export function listOf(text: string, by: RegExp = /[\n,]/): string[] {
  return text.split(by).map((part) => part.trim()).filter((part) => part !== '')
}

/** Which fields cannot be sent as they are. */
export function wrong(wish: Wish): (keyof Wish)[] {
  const found: (keyof Wish)[] = []
  if (wish.program.trim() === '') found.push('program')
  if (wish.kind === 'files' && listOf(wish.patterns, /\n/).length === 0) found.push('patterns')
  if (wish.kind === 'range' && wholeOf(wish.range, 1, Number.MAX_SAFE_INTEGER) === null) found.push('range')
  if (wish.trust === 'trusted' && listOf(wish.people).length === 0) found.push('people')
  if (wish.seconds.trim() !== '' && wholeOf(wish.seconds, 1, 86_400) === null) found.push('seconds')
  if (wish.memory.trim() !== '' && wholeOf(wish.memory, 1, 4_096) === null) found.push('memory')
  return found
}

/** What the peer is asked. */
export function mapOf(wish: Wish): MapArguments {
  const text = (key: 'web' | 'reduce' | 'out' | 'name', value: string) => value.trim() === '' ? {} : { [key]: value.trim() }
  const seconds = wholeOf(wish.seconds, 1, 86_400)
  const memory = wholeOf(wish.memory, 1, 4_096)
  return {
    program: wish.program.trim(),
    ...text('web', wish.web),
    ...(wish.kind === 'files' ? { in: listOf(wish.patterns, /\n/) } : { range: wholeOf(wish.range, 1, Number.MAX_SAFE_INTEGER) ?? 0 }),
    ...(wish.text.trim() === '' ? {} : { arguments: wish.text.trim() }),
    ...text('reduce', wish.reduce), ...text('out', wish.out), ...text('name', wish.name),
    ...(wish.trust === 'adaptive' ? {} : { trust: wish.trust }),
    ...(wish.trust === 'trusted' ? { people: listOf(wish.people) } : {}),
    ...(wish.trust === 'quorum' && wish.quorum.trim() !== '' ? { quorum: wish.quorum.trim() } : {}),
    ...((wish.trust === 'spot' || wish.trust === 'adaptive') && wish.spot.trim() !== '' ? { spot: wish.spot.trim() } : {}),
    ...(seconds === null ? {} : { seconds }), ...(memory === null ? {} : { memory }),
    ...(wish.isExactNan ? { exact_nan: true } : {}), ...(wish.isAnew ? { anew: true } : {}),
  }
}

/** The command that does the same. */
export function mapCommand(wish: Wish): string {
  const { program, ...rest } = mapOf(wish)
  const flags = Object.entries(rest).flatMap(([key, value]): string[] => {
    const flag = `--${key.replaceAll('_', '-')}`
    if (value === true) return [flag]
    return (Array.isArray(value) ? value : [value]).map((one) => `${flag} ${quote(String(one))}`)
  })
  return ['althing map', quote(program || 'PROGRAM.wasm'), ...flags].join(' ')
}

/** Quotes a word for a shell, where it needs that. */
export function quote(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
