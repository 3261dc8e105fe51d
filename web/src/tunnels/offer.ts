// What a person fills in to offer a service, as the peer takes it and as the command that does the same. Pure.
import { shellWord } from '../computers/connection.ts'
import { wholeOf } from '../jobs/wish.ts'
import type { OfferTunnel, Role, TunnelView } from '../lib/views.ts'
import { portOf } from './shown.ts'

/** To whom: people by name, or whoever has at least a role. */
export type Kind = 'people' | Exclude<Role, 'carrier'>

/** The form as it stands. */
export interface Offer {
  web: string
  port: string
  name: string
  kind: Kind
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

/** Whether a sentence is kept as it is: not too long, and without what cannot be seen. */
export function isNote(note: string): boolean {
  return new TextEncoder().encode(note).length <= NOTE_MAX && !/\p{Cc}/u.test(note)
}

/** Which fields cannot be sent as they are. */
export function wrong({ port, name, kind, people, note }: Offer): (keyof Offer)[] {
  const found: (keyof Offer)[] = []
  if (readPort(port) === null) found.push('port')
  if (!isName(name.trim())) found.push('name')
  // Without a name, the peer would take it for all members.
  if (kind === 'people' && (people.length === 0 || people.length > PEOPLE_MAX)) found.push('people')
  if (!isNote(note.trim())) found.push('note')
  return found
}

/** What the peer is asked; only for an offer with nothing wrong. */
export function offerOf({ web, port, name, kind, people, note }: Offer): OfferTunnel {
  return {
    port: readPort(port) ?? 0, as: name.trim(), web,
    ...(kind === 'people' ? { to: [...people] } : kind === 'member' ? {} : { role: kind }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  }
}

/** The command that does the same, with words in capitals for what is missing. */
export function offerCommand(offer: Offer): string {
  const { port, as, web, to = [], role, note } = offerOf(offer)
  const people = to.length === 0 && offer.kind === 'people' ? ['--to', 'PERSON'] : to.flatMap((who) => ['--to', shellWord(who)])
  return [
    'althing', 'tunnel', 'offer', port === 0 ? 'PORT' : String(port), '--as', as === '' ? 'NAME' : shellWord(as), '--web', shellWord(web ?? ''), ...people,
    ...(role ? ['--role', role] : []), ...(note ? ['--note', shellWord(note)] : []),
  ].join(' ')
}

/** What was said of a tunnel, so that changing its note changes nothing else. `mine` is what this person is called there. */
export function offerOfTunnel({ web, address, name, to, role, note }: TunnelView, mine: string): Offer {
  const kind = role === null ? 'people' : role === 'carrier' ? 'guest' : role
  return { web, port: portOf(address), name, kind, people: to.map((label) => (label === 'you' ? mine : label)), note }
}
