// What a person fills in to offer a service, as the peer takes it and as the command that does the same. Pure.
import { shellWord } from '../computers/connection.ts'
import { wholeOf } from '../jobs/wish.ts'
import type { OfferTunnel, Role } from '../lib/views.ts'

/** To whom: people by name, or whoever has at least a role. */
export type Kind = 'people' | Exclude<Role, 'carrier'>

/** The form as it stands. */
export interface Offer {
  web: string
  port: string
  name: string
  /** Empty while it is not known what was said before. */
  kind: Kind | ''
  /** Labels. */
  people: string[]
  note: string
}

export const NO_OFFER: Offer = { web: '', port: '', name: '', kind: 'people', people: [], note: '' }

/** Letters of a name, persons, and bytes of a note at most (specs/tunnels.md, rules 1 and 2). */
export const NAME_MAX = 40
export const PEOPLE_MAX = 64
export const NOTE_MAX = 200

/** Reads a port as a person writes it; nothing when it is none. */
export function readPort(text: string): number | null {
  return wholeOf(text, 1, 65_535)
}

export function isName(name: string): boolean {
  return name.length <= NAME_MAX && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)
}

function isNote(note: string): boolean {
  return new TextEncoder().encode(note).length <= NOTE_MAX && !/\p{Cc}/u.test(note)
}

/** Which fields cannot be sent as they are. */
export function wrong({ port, name, kind, people, note }: Offer): (keyof Offer)[] {
  const found: (keyof Offer)[] = []
  if (readPort(port) === null) found.push('port')
  if (!isName(name.trim())) found.push('name')
  if (kind === '') found.push('kind')
  // Without a name, the peer would take it for all members.
  if (kind === 'people' && (people.length === 0 || people.length > PEOPLE_MAX)) found.push('people')
  if (!isNote(note.trim())) found.push('note')
  return found
}

/** What the peer is asked; only for an offer with nothing wrong. */
export function offerOf({ web, port, name, kind, people, note }: Offer): OfferTunnel {
  return {
    port: readPort(port) ?? 0, as: name.trim(), web,
    ...(kind === 'people' ? { to: [...people] } : kind === 'member' || kind === '' ? {} : { role: kind }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  }
}

/** The command that does the same, with words in capitals for what is missing. */
export function offerCommand(offer: Offer): string {
  const { port, as, web, to = [], role, note } = offerOf(offer)
  const people = to.length === 0 && (offer.kind === 'people' || offer.kind === '') ? ['--to', 'PERSON'] : to.flatMap((who) => ['--to', shellWord(who)])
  return [
    'althing', 'tunnel', 'offer', port === 0 ? 'PORT' : String(port), '--as', as === '' ? 'NAME' : shellWord(as), '--web', shellWord(web ?? ''), ...people,
    ...(role ? ['--role', role] : []), ...(note ? ['--note', shellWord(note)] : []),
  ].join(' ')
}

/** How the peer says for which role something is. */
const ROLES: Partial<Record<string, Kind>> = { 'everybody, guests too': 'guest', 'all members': 'member', 'admins and owners': 'admin', owners: 'owner' }

/**
 * Reads to whom something is offered out of the peer's words, so that changing the note changes nothing else. Nothing
 * when it could be read in two ways, since people choose their names: then the person says it anew.
 */
export function audienceOf(audience: string, labels: readonly string[]): { kind: Kind; people: string[] } | null {
  const role = ROLES[audience]
  const ways = waysToRead(audience, [...new Set([...labels, 'you'])])
  if (role) return ways.length === 0 ? { kind: role, people: [] } : null
  const [people, ...others] = ways
  return people && others.length === 0 ? { kind: 'people', people: people.filter((label) => label !== 'you') } : null
}

/** Splits a list of names, which may hold commas themselves; two ways are enough to know that it is not clear. */
function waysToRead(text: string, labels: readonly string[]): string[][] {
  const known = new Map<number, string[][]>()
  const from = (start: number): string[][] => {
    const before = known.get(start)
    if (before) return before
    const found: string[][] = []
    for (const label of labels.filter((each) => text.startsWith(each, start))) {
      const end = start + label.length
      if (end === text.length) found.push([label])
      else if (text.startsWith(', ', end)) found.push(...from(end + 2).map((rest) => [label, ...rest]))
    }
    known.set(start, found.slice(0, 2))
    return found.slice(0, 2)
  }
  return from(0)
}
