// Agents of the sample peer, of the forms a real peer answers. Nothing runs.
import type { Admit, AgentRun, Agents, AgentView, NoticeView, TryAgent } from '../src/lib/views.ts'
import { DAY, HOUR, id, MINUTE, NOW } from './sample-data.ts'

type Asked = Partial<Admit> & Partial<TryAgent> & { name?: string; state?: Agents['state'] }
type Fault = (code: string, kind: string, what: string, remedies?: unknown[]) => Error

const LINES: Record<string, string> = { members: 'hears who joins or leaves', guard: 'hears what the guard finds', facts: 'sees which files have no second copy, how long members are away, and how full this disk is', notice: 'tells you things', warn: 'asks the guard to warn of files', hold: 'asks the guard to hold files' }
function line(capability: string): string {
  const [word = '', ...rest] = capability.split(' ')
  const where = rest.join(' ') === '*' ? 'any share' : rest.join(' ')
  if (word === 'changes') return `hears which files change in ${where}`
  if (word === 'read') return `reads the beginning of files that change in ${where}`
  if (word === 'names') return `sees the names of all files in ${where}`
  return word === 'every' ? `runs every ${where} minutes` : (LINES[word] ?? capability)
}

const agent = (web: string, name: string, seed: number, capabilities: string[], more: Partial<AgentView> = {}): AgentView => ({
  agent: `${web}/${name}`, name, web, state: 'working', is_working: true, is_off_here: false, by: 'you', at: NOW - 3 * DAY, may: capabilities.map(line), capabilities, note: '', settings: '', place: 'each computer',
  program: id(seed), size: 61_204, cpu_ms: 1_000, memory_mib: 32, runs: 1, runs_max: 60, actions: 0, actions_max: 50, remembers: 0, remembers_max: 65_536, waiting: 0, last_run: NOW - 12 * MINUTE, ...more,
})
const AGENTS: AgentView[] = [
  agent('family', 'digest', 301, ['changes *', 'members', 'every 60', 'notice'], { by: 'bob', note: 'what is new, once a day', settings: 'tax invoice\nschool', runs: 14, actions: 1, remembers: 2_048, waiting: 2, last_run: NOW - 40_000 }),
  agent('family', 'virus-guard', 302, ['changes *', 'read *', 'guard', 'notice', 'warn', 'hold'], { size: 84_112, state: 'resting for 23 minutes', is_working: false, runs: 60, actions: 4, remembers: 480, waiting: 16 }),
  agent('family', 'watchman', 303, ['every 360', 'facts', 'notice'], { place: 'this computer', remembers: 120 }),
  agent('family', 'album-sorter', 304, ['changes family/alice/Pictures', 'names family/alice/Pictures', 'names family/bob/films', 'every 1440', 'notice'], { by: 'Uncle Ted', state: 'stopped: Uncle Ted who admitted it is no admin', is_working: false, note: 'turn \u202e back and <b>bold</b>', last_run: null, runs: 0 }),
  agent('lab', 'notebook-watch', 305, ['changes lab/grace/notebook', 'read lab/grace/notebook', 'notice'], { by: 'grace', note: 'says when a measurement is out of range', settings: 'above 40' }),
  agent('lab', 'x'.repeat(40), 306, ['members', 'notice'], { by: 'grace', state: 'stopped here after three failures: it took more than 1,000 ms of processor time', is_working: false, waiting: 3 }),
]
const states = new Map(AGENTS.map((each) => [each, each.state]))
let state: Agents['state'] = 'on'

const notice = (at: number, of: string, title: string, text = ''): NoticeView => ({ at, agent: of, title, text })
const NOTICES: NoticeView[] = [
  notice(NOW - 40_000, 'family/digest', '14 files are new in family', 'By your words: tax 2026.pdf in family/bob/letters, invoice of the roof.pdf in family/carol/inbox.\nBesides: 12 pictures in family/alice/Pictures.\nGrace joined.'),
  notice(NOW - 6 * HOUR, 'family/watchman', '212 files are on one computer only', 'family/alice/plans: 12 files, one of them Q4 Roadmap.md\nfamily/alice/Pictures: 200 files\nمها has been away for 16 days.'),
  notice(NOW - DAY, 'family/virus-guard', 'love-letter.txt.vbs has two endings', ''),
  notice(NOW - 2 * DAY, 'lab/notebook-watch', 'turn \u202e back: a measurement of 41.3', '<b>run 12</b> of the centrifuge'),
  ...Array.from({ length: 44 }, (_, index) => notice(NOW - (3 + index) * DAY, 'family/digest', `${3 + (index % 9)} files are new in family`, 'family/bob/letters')),
]

const run = (at: number, trigger: string, outcome: string, more: Partial<AgentRun> = {}): AgentRun => ({ at, trigger, outcome, actions: [], said: '', cpu_us: 2_140, program: id(301), ...more })
const done = (action: string) => ({ action, is_done: true, why: '' })
const LOG: AgentRun[] = [
  run(NOW - 40_000, 'its time has come', 'ran', { actions: [done('tell: 14 files are new in family')], said: '26 kept, 14 told' }),
  run(NOW - 8 * MINUTE, '3 changes in family/bob/letters', 'ran', { said: 'kept 3' }),
  run(NOW - 40 * MINUTE, 'the guard: love-letter.txt.vbs is quarantined', 'ran', { actions: [done('hold family/bob/letters/love-letter.txt.vbs: a program that calls itself a document'), { action: 'warn of lab/grace/games/packed game.exe: two endings', is_done: false, why: 'there is no such file in its web' }, { action: 'tell: a letter with two endings', is_done: false, why: 'its 50 actions of this day are used up' }], cpu_us: 31_204 }),
  run(NOW - HOUR, 'its budget', 'rests: its 60 runs of this hour are used up', { program: null, cpu_us: 0 }),
  run(NOW - 2 * HOUR, 'Grace joined', 'failed: it gave back what is no JSON', { cpu_us: 1_000_412 }),
  run(NOW - 3 * HOUR, '1 change in family/carol/inbox', 'stopped before it was done: nothing of it was', { program: null, cpu_us: 0 }),
  ...Array.from({ length: 60 }, (_, index) => run(NOW - (4 + index) * HOUR, 'its time has come', 'ran', { cpu_us: 400 + index * 31 })),
]

/** In the order in which a peer keeps them. */
const ORDER = ['changes', 'read', 'names', 'members', 'guard', 'every', 'facts', 'notice', 'warn', 'hold']
const rank = (capability: string) => ORDER.indexOf(capability.split(' ')[0] ?? '')

/** What the sample peer answers about agents. */
export function sampleAgents(fault: Fault, push: (kind: string, about: unknown) => void): Record<string, (asked: Asked) => unknown> {
  const shown = (one: AgentView) => {
    const own = states.get(one) ?? 'working'
    const now = own.startsWith('stopped') && !own.startsWith('stopped here') ? own : state === 'off' ? 'switched off here, as all are' : one.is_off_here ? 'switched off here' : own
    return Object.assign(one, { state: now, is_working: now === 'working' })
  }
  const list = () => ({ state, agents: AGENTS.map(shown).toSorted((left, right) => (left.agent < right.agent ? -1 : 1)) })
  const find = (name = '') => {
    const found = AGENTS.find((each) => each.agent === name || each.name === name)
    if (!found) throw fault('agents.no-such-agent', 'yours', `there is no agent called ${name}`, [{ command: 'althing agent list', text: 'lists agents' }])
    return found
  }
  const change = (one: AgentView, own: string) => { states.set(one, own); push('agents.changed', { web: one.web, agent: one.agent }); return shown(one) }
  const check = async (file = '') => {
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    if (!file.endsWith('.wasm')) throw fault('agents.bad-program', 'yours', `${file.split('/').at(-1)} cannot be admitted: it is no WASM`, [{ command: '', text: 'see docs/agents.md for how a program is made' }])
  }
  return {
    'agents.list': list,
    'agents.show': ({ name }) => shown(find(name)),
    'agents.log': ({ name }) => ({ runs: find(name).last_run === null ? [] : LOG }),
    'agents.notices': () => ({ notices: NOTICES }),
    'agents.admit': async ({ file = '', as, web = 'family', may: asked = [], here, settings, note, runs_per_hour }) => {
      await check(file)
      const may = asked.toSorted((left, right) => rank(left) - rank(right))
      const name = as ?? (file.split('/').at(-1) ?? '').replace('.wasm', '')
      const before = AGENTS.findIndex((each) => each.web === web && each.name === name)
      const made = agent(web ?? 'family', name, 310 + AGENTS.length, may, { at: Date.now(), place: here ? 'this computer' : 'each computer', settings: settings ?? '', note: note ?? '', runs: 0, runs_max: runs_per_hour ?? 60, last_run: null })
      if (before < 0) AGENTS.push(made)
      else AGENTS[before] = made
      if (may.includes('notice')) setTimeout(() => { NOTICES.unshift(notice(Date.now(), made.agent, `${name} has begun`, 'It will tell you what it finds.')); push('agents.notice', { web, agent: made.agent, title: `${name} has begun`, text: '' }) }, 3_000)
      return change(made, 'working')
    },
    'agents.stop': ({ name }) => change(find(name), 'stopped by you'),
    'agents.start': ({ name }) => { const one = find(name); one.is_off_here = false; return change(one, 'working') },
    'agents.switch': ({ state: wanted = 'on', name }) => {
      if (name === undefined) { state = wanted; push('agents.changed', {}) } else { const one = find(name); one.is_off_here = wanted === 'off'; push('agents.changed', { web: one.web, agent: one.agent }) }
      return list()
    },
    'agents.try': async ({ program = '', event }) => {
      if (AGENTS.every((each) => each.agent !== program)) await check(program)
      else await new Promise((resolve) => setTimeout(resolve, 600))
      const isGuard = event?.includes('"guard"') ?? false
      return run(Date.now(), isGuard ? 'the guard: invoice.pdf.exe is held' : 'its time has come', event?.includes('joined') ? 'failed: it took more than 1,000 ms of processor time' : 'tried: nothing of it was done', {
        said: 'looked at 3 shares', cpu_us: 4_812, actions: event?.includes('joined') ? [] : [{ action: 'tell: 212 files are on one computer only', is_done: false, why: '' }, { action: 'hold family/bob/letters/love-letter.txt.vbs: two endings', is_done: false, why: 'it was not admitted to do this' }],
      })
    },
  }
}
