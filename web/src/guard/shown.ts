// What speaks against a file, as a person sees it. Pure; what a level means is said by the peer.
import { split } from '../lib/paths.ts'
import { shellWord } from '../computers/connection.ts'
import type { Fault, LevelWord, MemberView, ReleaseView, Suspect, WarningView } from '../lib/views.ts'
import type { Drawing } from '../ui/Icon.svelte'

/** A level's sign, and how loud it is. */
export interface Sign {
  icon: Drawing
  tone: '' | 'good' | 'warn' | 'danger'
}

export const SIGNS: Record<LevelWord, Sign> = {
  quarantined: { icon: 'lock', tone: 'danger' }, held: { icon: 'stop', tone: 'danger' }, warned: { icon: 'warn', tone: 'warn' },
  observed: { icon: 'eye', tone: '' }, released: { icon: 'here', tone: 'good' }, allowed: { icon: 'person', tone: '' }, clear: { icon: 'check', tone: 'good' },
}

/** Levels at which opening asks or refuses, the worst first. */
export const SHUT = ['quarantined', 'held', 'warned'] as const satisfies LevelWord[]

export function isShut(level: LevelWord): boolean {
  return (SHUT as readonly LevelWord[]).includes(level)
}

/** How many files are at each level at which opening asks or refuses. */
export function countShut(suspects: readonly Suspect[]): Record<(typeof SHUT)[number], number> {
  const counts = { quarantined: 0, held: 0, warned: 0 }
  for (const { level } of suspects) if (level === 'quarantined' || level === 'held' || level === 'warned') counts[level] += 1
  return counts
}

/** By what a person knows it again: a file that comes to a worse level is new once more. */
export function keyOf({ content, level }: Suspect): string {
  return `${content.slice(0, 24)} ${level}`
}

/** Where a file is or was shown. */
export interface Place {
  path: string
  /** Where only this older revision is that file. */
  revision?: number
}

/** Takes apart how the peer writes a place: `family/bob/letters/a.txt`, or the same with ` (revision 2)` behind it. */
export function placeOf(text: string): Place {
  const found = /^(.+) \(revision (\d{1,10})\)$/.exec(text)
  return found ? { path: found[1] ?? text, revision: Number(found[2]) } : { path: text }
}

/** The webs in which a file is shown or spoken of. */
export function websOf({ paths, warnings, releases }: Suspect): string[] {
  return [...new Set([...paths.map((path) => split(path)[0] ?? ''), ...warnings.map(({ web }) => web), ...releases.map(({ web }) => web)])]
}

/** A person and a file. */
export interface Touched {
  label: string
  id: string
  isMe: boolean
  places: Place[]
  warning?: WarningView
  release?: ReleaseView
}

export interface Spread {
  /** Whoever shows the file or says something of it: those who show it now first. */
  touched: Touched[]
  /** Members who have nothing to do with it. */
  others: MemberView[]
}

/** Says which persons of a web show a file or speak of it. */
export function spreadOf({ paths, warnings, releases }: Suspect, web: string, members: readonly MemberView[]): Spread {
  const me = members.find(({ is_me }) => is_me)
  const all = new Map<string, Touched>()
  const of = (label: string): Touched => {
    const name = label === 'you' ? (me?.name ?? label) : label
    const member = members.find((each) => each.name === name)
    const known = all.get(name) ?? { label: name, id: member?.id ?? name, isMe: label === 'you' || member?.is_me === true, places: [] }
    all.set(name, known)
    return known
  }
  for (const path of paths) {
    const [where, person] = split(path)
    if (where === web && person !== undefined) of(person).places.push(placeOf(path))
  }
  for (const warning of warnings) if (warning.web === web) of(warning.by).warning = warning
  for (const release of releases) if (release.web === web) of(release.by).release = release
  const touched = [...all.values()].toSorted((left, right) => rank(left) - rank(right))
  return { touched, others: members.filter(({ name, role }) => role !== null && role !== 'carrier' && !all.has(name)) }
}

/** How much a person has to do with a file: shows it now, showed it once, only speaks of it. */
export function touchOf({ places, warning }: Touched): 'shows' | 'showed' | 'warns' | 'says' {
  if (places.some(({ revision }) => revision === undefined)) return 'shows'
  if (places.length > 0) return 'showed'
  return warning ? 'warns' : 'says'
}

const RANKS = { shows: 0, showed: 1, warns: 2, says: 3 }
const rank = (touched: Touched) => RANKS[touchOf(touched)]

/** A spot of the map, in pixels from its upper left corner. */
export interface Spot { x: number; y: number }

/** Puts so many persons around a file in the middle of a map: the first at the top, on by the clock. */
export function around(count: number, width: number, height: number, margin: number): Spot[] {
  const [middle, centre] = [width / 2, height / 2]
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count - Math.PI / 2
    return { x: Math.round(middle + Math.cos(angle) * (middle - margin)), y: Math.round(centre + Math.sin(angle) * (centre - margin)) }
  })
}

const GATE: readonly string[] = ['guard.quarantined', 'guard.held', 'guard.warned', 'guard.not-yet']

/** Whether a fault says that a file is not opened because of the guard. */
export function isGate({ code }: Fault): boolean {
  return GATE.includes(code)
}

/** The level that a fault of the gate says; none while the file is still looked through. */
export function levelOfFault({ code }: Fault): (typeof SHUT)[number] | null {
  return SHUT.find((level) => code === `guard.${level}`) ?? null
}

/** The words of a fault of the gate that say why. */
export function whyOf({ what }: Fault): string {
  const found = / (?:is (?:quarantined|held)|may be harmful): /.exec(what)
  return found ? what.slice(found.index + found[0].length) : what
}

/** The command that releases a file. */
export function releaseCommand(file: string, isForWeb: boolean, note: string, web: string): string {
  return ['althing', 'guard', 'release', shellWord(file), ...(isForWeb ? ['--for-web', '--web', shellWord(web)] : []), ...(note === '' ? [] : ['--note', shellWord(note)])].join(' ')
}
