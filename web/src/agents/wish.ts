// What a person fills in to admit an agent, as the peer takes it and as the command that does the same. Pure.
import { quote, wholeOf } from '../jobs/wish.ts'
import { last } from '../lib/paths.ts'
import type { Admit, AgentView } from '../lib/views.ts'

/** Capabilities that are about shares. */
export const SCOPED = ['changes', 'read', 'names'] as const
export type Scoped = (typeof SCOPED)[number]

/** What an agent is told, and what it does, in the order in which a person decides. */
export const HEARS = ['facts', 'changes', 'read', 'names', 'members', 'guard', 'every'] as const
export const DOES = ['notice', 'warn', 'hold'] as const
export type Kind = (typeof HEARS)[number] | (typeof DOES)[number]

/** Budgets, with the least and the most of each. */
export const BUDGETS = { cpu: [10, 10_000], memory: [1, 256], runs: [1, 600], actions: [1, 1_000], state: [0, 262_144] } as const
export type Budget = keyof typeof BUDGETS

/** The form as it stands. */
export interface Wish {
  file: string; name: string; web: string
  may: Kind[]
  /** Paths of shares; `*` for all of the web. */
  shares: Record<Scoped, string[]>
  minutes: string
  isHere: boolean
  settings: string; note: string
  budget: Record<Budget, string>
}

export const NO_WISH: Wish = {
  file: '', name: '', web: '', may: [], shares: { changes: ['*'], read: ['*'], names: ['*'] }, minutes: '60', isHere: false, settings: '', note: '', budget: { cpu: '', memory: '', runs: '', actions: '', state: '' },
}

/** The agents that come with Althing, with what they need (examples/agents). */
export const READY: Record<'watchman' | 'digest' | 'virus-guard', Pick<Wish, 'may' | 'minutes'>> = {
  watchman: { may: ['facts', 'notice', 'every'], minutes: '360' },
  digest: { may: ['changes', 'members', 'notice', 'every'], minutes: '60' },
  'virus-guard': { may: ['changes', 'read', 'guard', 'warn', 'hold', 'notice'], minutes: '60' },
}
export type Ready = keyof typeof READY

export function isReady(name: string): name is Ready {
  return Object.hasOwn(READY, name)
}

const KINDS: readonly string[] = [...HEARS, ...DOES]
const isScoped = (kind: string): kind is Scoped => (SCOPED as readonly string[]).includes(kind)

/** The form for an agent that is there, but for its program, of which only the id is known. */
export function wishOfAgent(agent: AgentView): Wish {
  const wish: Wish = {
    ...NO_WISH, name: agent.name, web: agent.web, may: [], shares: { changes: [], read: [], names: [] }, isHere: agent.place !== 'each computer', settings: agent.settings, note: agent.note,
    budget: { cpu: String(agent.cpu_ms), memory: String(agent.memory_mib), runs: String(agent.runs_max), actions: String(agent.actions_max), state: String(agent.remembers_max) },
  }
  for (const capability of agent.capabilities) {
    const space = capability.indexOf(' ')
    const [kind, about] = space < 0 ? [capability, ''] : [capability.slice(0, space), capability.slice(space + 1)]
    if (isScoped(kind)) wish.shares[kind].push(about)
    if (kind === 'every') wish.minutes = about
    if (KINDS.includes(kind) && !wish.may.includes(kind as Kind)) wish.may.push(kind as Kind)
  }
  for (const kind of SCOPED) if (wish.shares[kind].length === 0) wish.shares[kind] = ['*']
  return wish
}

/** What the agent is called when no name is said: as the peer makes it of the file's name. */
export function nameOf({ file, name }: Pick<Wish, 'file' | 'name'>): string {
  if (name.trim() !== '') return name.trim()
  return last(file.trim()).replace(/\.wasm$/, '').toLowerCase().replaceAll(/[_ .]/g, '-')
}

/** What it may do, one thing each, as the peer takes it. */
export function capabilitiesOf({ may, shares, minutes }: Pick<Wish, 'may' | 'shares' | 'minutes'>): string[] {
  return [...HEARS, ...DOES].filter((kind) => may.includes(kind)).flatMap((kind) => {
    if (kind === 'every') return [`every ${wholeOf(minutes, 0, 99_999) ?? minutes.trim()}`]
    if (!isScoped(kind)) return [kind]
    const all = shares[kind]
    return (all.includes('*') ? ['*'] : [...new Set(all)]).map((share) => `${kind} ${share}`)
  })
}

const HIDDEN = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u
const bytes = (text: string) => new TextEncoder().encode(text).length

/** Which fields cannot be sent as they are. */
export function wrong(wish: Wish): (keyof Wish | Budget)[] {
  const found: (keyof Wish | Budget)[] = []
  const file = wish.file.trim()
  if (file === '' || /^[.~]/.test(file) || !file.includes('/')) found.push('file')
  const name = nameOf(wish)
  if ((name !== '' || wish.name.trim() !== '') && !/^(?!-)[a-z0-9-]{1,40}(?<!-)$/.test(name)) found.push('name')
  if (wish.may.length === 0) found.push('may')
  if (wish.may.includes('every') && wholeOf(wish.minutes, 5, 10_080) === null) found.push('minutes')
  if (bytes(wish.settings) > 4_096 || HIDDEN.test(wish.settings.replaceAll(/[\n\t]/g, ''))) found.push('settings')
  if (bytes(wish.note.trim()) > 200 || HIDDEN.test(wish.note.trim())) found.push('note')
  for (const [key, [least, most]] of Object.entries(BUDGETS) as [Budget, readonly [number, number]][]) {
    if (wish.budget[key].trim() !== '' && wholeOf(wish.budget[key], least, most) === null) found.push(key)
  }
  return found
}

/** What the peer is asked. */
export function admitOf(wish: Wish): Admit {
  const budget = (key: Budget, as: 'cpu_ms' | 'memory_mib' | 'runs_per_hour' | 'actions_per_day' | 'state_bytes') => {
    const [least, most] = BUDGETS[key]
    const value = wholeOf(wish.budget[key], least, most)
    return value === null ? {} : { [as]: value }
  }
  return {
    file: wish.file.trim(), may: capabilitiesOf(wish),
    ...(wish.name.trim() === '' ? {} : { as: wish.name.trim() }), ...(wish.web === '' ? {} : { web: wish.web }), ...(wish.isHere ? { here: true } : {}),
    ...(wish.settings.trim() === '' ? {} : { settings: wish.settings }), ...(wish.note.trim() === '' ? {} : { note: wish.note.trim() }),
    ...budget('cpu', 'cpu_ms'), ...budget('memory', 'memory_mib'), ...budget('runs', 'runs_per_hour'), ...budget('actions', 'actions_per_day'), ...budget('state', 'state_bytes'),
  }
}

/** The command that does the same. */
export function admitCommand(wish: Wish): string {
  const { file, ...rest } = admitOf(wish)
  const flags = Object.entries(rest).flatMap(([key, value]): string[] => {
    const flag = `--${key.replaceAll('_', '-')}`
    if (value === true) return [flag]
    const all = Array.isArray(value) ? value : [value]
    return all.length === 0 ? [] : [flag, ...all.map((one) => quote(String(one)))]
  })
  return ['althing agent admit', quote(file || 'PROGRAM.wasm'), ...flags].join(' ')
}

/** Events that a program can be tried for. */
export const EVENTS = ['schedule', 'files', 'member-joined', 'guard'] as const
export type EventKind = (typeof EVENTS)[number]

/** The event that is likely for what an agent may do. */
export function likelyEvent(capabilities: readonly string[]): EventKind {
  const has = (kind: string) => capabilities.some((each) => each === kind || each.startsWith(`${kind} `))
  if (has('every')) return 'schedule'
  if (has('changes')) return 'files'
  return has('members') ? 'member-joined' : has('guard') ? 'guard' : 'schedule'
}

/** The event as the peer takes it; nothing where it makes one itself. */
export function eventOf(kind: EventKind, path: string): { event?: string } {
  if (kind === 'schedule') return {}
  if (kind === 'member-joined') return { event: JSON.stringify({ kind, member: 'Bob' }) }
  if (kind === 'guard') return { event: JSON.stringify({ kind, name: 'invoice.pdf.exe', level: 'held', meaning: 'for a try' }) }
  const share = path.trim().split('/').slice(0, 3).join('/')
  return { event: JSON.stringify({ kind, share, entries: 1, files: [{ path: path.trim() }] }) }
}
