// Who may do what about whom in a room, as the peer decides it; the page only offers what would be taken. Pure.
import type { MemberView, WhoView } from '../lib/views.ts'

type Role = MemberView['role']

/** What this person may do in a room. */
export interface Rights {
  /** Mute, and take messages away. */
  moderates: boolean
  /** Say who moderates. */
  leads: boolean
}

/** By what somebody moderates; nothing if it does not. */
export function moderatesAs({ moderates, is_named }: WhoView, role: Role): 'admin' | 'named' | 'begun' | null {
  if (!moderates) return null
  if (role === 'admin' || role === 'owner') return 'admin'
  return is_named ? 'named' : 'begun'
}

/** Whether somebody can be muted, or no longer: moderators cannot, and nobody does it to oneself. */
export function mayMute(one: WhoView, rights: Rights): boolean {
  return rights.moderates && one.who !== 'you' && (one.is_muted || !one.moderates)
}

/** Whether somebody can be named a moderator, or no longer; who moderates anyway and guests, who write nothing, need no name. */
export function mayName(one: WhoView, role: Role, rights: Rights): boolean {
  return rights.leads && (one.is_named || (!one.moderates && role !== null && role !== 'guest' && role !== 'carrier'))
}

/** Whom to name so that one more is a moderator, or that one no more: the peer is told all at once. */
export function namedWith(all: readonly WhoView[], one: WhoView): string[] {
  const named = all.filter(({ is_named, person }) => is_named && person !== one.person).map(({ person }) => person)
  return one.is_named ? named : [...named, one.person]
}
