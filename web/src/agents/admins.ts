// Who admits, stops and starts the agents of a web.
import { house } from '../lib/house.svelte.ts'
import { isolated } from '../lib/names.ts'

/** Their names with commas between; empty while the members are not known. */
export function adminsOf(web: string): string {
  return (house.members[web] ?? []).filter(({ role }) => role === 'admin' || role === 'owner').map(({ name }) => isolated(name)).join(', ')
}
