// What is known of a computer, as a person reads it, and the command that does what the dialog does. Pure; the words
// come from the catalogue. Not for: asking the peer (net.svelte.ts).
import { size, speed } from '../lib/format.ts'
import { t } from '../lib/strings.ts'
import type { ComputerView, Connection, Serve } from '../lib/views.ts'
import type { Drawing } from '../ui/Icon.svelte'

export const SIGNS: Record<Connection, Drawing> = {
  this: 'computer', lan: 'lan', direct: 'direct', relayed: 'relay', trying: 'trying', none: 'apart',
}

/** Whether packets come and go. */
export function isConnected(connection: Connection): boolean {
  return connection === 'lan' || connection === 'direct' || connection === 'relayed'
}

/** Writes a round trip: two digits that count are enough to tell near from far. */
export function roundTrip(microseconds: number): string {
  if (microseconds < 100) return t.computers.microseconds(String(Math.max(1, Math.round(microseconds))))
  const milliseconds = microseconds / 1000
  const isSmall = milliseconds < 9.95
  return t.computers.milliseconds(isSmall ? milliseconds.toFixed(1) : Math.round(milliseconds).toLocaleString('en'))
}

/** What moves between two computers now; empty when nothing does. */
export function moving({ receiving, sending }: Pick<ComputerView, 'receiving' | 'sending'>): { sign: string; text: string; said: string }[] {
  return [
    ...(receiving > 0 ? [{ sign: '↓', text: speed(receiving), said: t.computers.receiving(speed(receiving)) }] : []),
    ...(sending > 0 ? [{ sign: '↑', text: speed(sending), said: t.computers.sending(speed(sending)) }] : []),
  ]
}

/** A thing a computer does for its webs, as one reads it and what it means. */
export interface Service {
  key: string
  text: string
  hint: string
}

/** What a computer does for its webs; what this page does not know yet is shown as the peer says it. */
export function services({ serves, mirror }: Pick<ComputerView, 'serves' | 'mirror'>): Service[] {
  return serves.map((key) => ({
    key,
    text: key === 'mirror' && mirror !== null ? t.computers.mirrorWith(size(mirror)) : (t.computers.service[key] ?? key),
    hint: t.computers.serviceHint[key] ?? '',
  }))
}

/** The relay or address without what only programs need: `https://dora.example:443/` is `dora.example`. */
export function shortAddress(address: string): string {
  return address.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[/?#].*$/, '').replace(/\.?(:443)?$/, '')
}

/** Makes a sentence of what the peer says without a capital and a full stop; nothing of nothing. */
export function sentence(text: string): string {
  const whole = text.trim()
  if (whole === '') return ''
  return `${whole.charAt(0).toUpperCase()}${whole.slice(1)}${/[.!?…]$/.test(whole) ? '' : '.'}`
}

/** A part of a sentence: words, or a command that can be copied. */
export interface Part {
  text: string
  isCommand: boolean
}

/** A command in a sentence: in backticks, or `althing` with a subcommand up to the end of the clause. */
const COMMAND = /`([^`]+)`|\balthing [a-z][^,;]*?(?=[,;]|[.:](?:\s|$)|$)/g

/** Splits what can be done into words and commands. */
export function remedyParts(remedy: string): Part[] {
  const found: Part[] = []
  let from = 0
  for (const match of remedy.matchAll(COMMAND)) {
    if (match.index > from) found.push({ text: remedy.slice(from, match.index), isCommand: false })
    found.push({ text: match[1] ?? match[0], isCommand: true })
    from = match.index + match[0].length
  }
  if (from < remedy.length) found.push({ text: remedy.slice(from), isCommand: false })
  return found
}

/** What this page itself can do in place of a command. */
export type Deed = { kind: 'serve'; web: string } | { kind: 'invite'; web: string } | { kind: 'lan' }

/** The deed that a command stands for; null when it has to be typed. */
export function deedOf(command: string): Deed | null {
  const [program, verb, object = ''] = command.trim().split(/\s+/)
  if (program !== 'althing') return null
  if (command.trim() === 'althing net lan on') return { kind: 'lan' }
  const isNamed = object !== '' && !/^[A-Z]+$|^-|^["']/.test(object)
  if (verb === 'serve' && !command.includes('--stop')) return { kind: 'serve', web: isNamed ? object : '' }
  if (verb === 'invite' && isNamed) return { kind: 'invite', web: object }
  return null
}

/** Writes an argument so that a shell takes it as one word, and as nothing else. */
export function shellWord(text: string): string {
  return /^[\p{L}\p{N}_.~/@%+=:-]+$/u.test(text) && !text.startsWith('-') && !text.startsWith('~') ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

const VOLUMES: [unit: string, bytes: number][] = [['TB', 1e12], ['GB', 1e9], ['MB', 1e6], ['kB', 1e3]]

/** Writes a size as the command line takes it, without losing a byte: `100GB`, `1500MB`. */
export function volume(bytes: number): string {
  const [unit, step] = VOLUMES.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['', 1]
  return `${bytes / step}${unit}`
}

/** The least room a mirror may offer, as the peer sees it too. */
export const MIRROR_BYTES_MIN = 10_000_000

/** Reads a number of GB as a person writes it, with a point or a comma; null when it is none, or too small. */
export function readGigabytes(text: string): number | null {
  const digits = text.trim().replace(',', '.')
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(digits)) return null
  const bytes = Math.round(Number(digits) * 1e9)
  return bytes >= MIRROR_BYTES_MIN && Number.isSafeInteger(bytes) ? bytes : null
}

/** Room to propose: what most people have left, but never more than half of what is free. */
export function proposedGigabytes(free: number): string {
  const half = Math.floor(free / 2 / 1e9)
  return String(Math.max(1, Math.min(100, half)))
}

/** The command that does the same. */
export function serveCommand({ web, relay, mirror, broker, stop }: Serve): string {
  const words = ['althing', 'serve', shellWord(web)]
  if (stop) return [...words, '--stop'].join(' ')
  if (relay) words.push('--relay')
  if (mirror != null) words.push('--mirror', volume(mirror))
  if (broker) words.push('--broker')
  return words.join(' ')
}
