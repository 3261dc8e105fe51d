// Jobs of the sample peer. One of them goes on while it is looked at, and tells of it as a real peer does.
import type { Capacity, ComputeHere, Evidence, Given, JobLine, JobView, Mode, SetLimits, UnitView } from '../src/lib/views.ts'
import { DAY, HOUR, id, MINUTE, NOW } from './sample-data.ts'

type Asked = { id?: string; web?: string; all?: boolean; from?: number; limit?: number; after?: number; priority?: number; mode?: Mode; for?: string; name?: string; program?: string; range?: number; in?: string[]; person?: string; out?: string } & SetLimits
type Fault = (code: string, kind: string, what: string, remedies?: unknown[]) => Error

const job = (name: string, seed: number, more: Partial<JobView>): JobView => ({
  name, web: 'family', state: 'running', done: 0, total: 0, running: 0, parked: 0, known: 0, per_minute: 0, time_left: '', seconds_left: null, has_more: false, known_from: [], note: '', trust: 'adaptive: two of three agree until somebody has proven themselves; then 2 % are made again',
  core_seconds: 0, core_micros: 0, spent_seconds: 0, cost: '', steps: [], workers: [], troubles: [], receipts: [], is_over: false, is_open: false, is_own: true, priority: 5, ranges: [], speed: Array.from({ length: 60 }, () => 0), out: null,
  since: NOW - 14 * MINUTE, until: null, id: id(seed, 32), ...more,
})

const TILES = { width: 640, height: 360, side: 64, columns: 10, rows: 6 }

/** Two jobs: one of many files, and one that draws a picture. Both go on. */
const RISK = job('risk', 401, {
  total: 4_000, done: 1_236, per_minute: 96, time_left: 'about 28 min', seconds_left: 1_725, known: 40, known_from: [{ who: 'bob', units: 31 }, { who: 'you', units: 9 }], note: 'Carol’s computer is asked for as soon as it is here', core_seconds: 48_200, spent_seconds: 9_100,
  cost: '1 h 12 min so far; alone it would have taken 13 h 20 min. About 0.2 kWh, as an estimate',
  speed: Array.from({ length: 60 }, (_, index) => Math.round(7 + 4 * Math.sin(index / 6) + (index % 5))),
  steps: [{ step: 'risk', state: 'running', done: 1_236, total: 4_000 }, { step: 'risk-sum', state: 'waiting', done: 0, total: 1 }],
  workers: [
    { who: 'you', computer: 'desk', running: 2, done: 311, note: 'here' }, { who: 'bob', computer: 'workshop', running: 8, done: 702, note: 'here' },
    { who: 'bob', computer: 'laptop', running: 0, done: 64, note: 'away for 3 min' }, { who: 'Uncle Ted', computer: 'tower', running: 4, done: 159, note: 'here' }, { who: 'bоb~51c3aa', computer: 'x', running: 0, done: 0, note: 'gave a wrong result' },
  ],
  parked: 2,
  troubles: [
    { unit: 17, input: '', why: 'it took more than 600 s of processor time', log: '', who: ['bob', 'Uncle Ted'] },
    { unit: 812, input: 'family/alice/archive/2019/a\nlist.txt', why: 'the program stopped: unreachable code', log: 'option 3 has no strike\nput K= is missing\n', who: ['bob', 'you'] },
  ],
  receipts: [{ who: 'bob', units: 700, core_seconds: 30_100 }, { who: 'Uncle Ted', units: 159, core_seconds: 8_000 }, { who: 'you', units: 311, core_seconds: 10_100 }],
})
const TRACER = job('tracer', 402, { total: 60, since: NOW - 2 * MINUTE, per_minute: 30, time_left: 'unknown', trust: 'quorum: 2 of 3 persons have to agree', steps: [{ step: 'tracer', state: 'running', done: 0, total: 60 }], workers: [{ who: 'bob', computer: 'workshop', running: 4, done: 0, note: 'here' }], note: '' })
const DONE = job('count', 403, { web: 'lab', state: 'done', is_over: true, done: 12, total: 12, until: NOW - HOUR, since: NOW - 2 * HOUR, steps: [{ step: 'count', state: 'done', done: 12, total: 12 }], ranges: [[0, 12, 2]], core_seconds: 31, trust: 'only my own computers', cost: '9 s; alone 31 s', receipts: [{ who: 'you', units: 12, core_seconds: 31 }] })
const PAUSED = job('words', 404, { state: 'paused', done: 18_000, total: 2_400_000, note: 'paused by you', ranges: [[0, 18_000, 2]], steps: [{ step: 'words', state: 'waiting', done: 18_000, total: 2_400_000 }], since: NOW - DAY })
const GATHERING = job('turn \u202e back', 405, { state: 'gathering', note: 'some files are left out: their owner’s computer has not read them yet', since: NOW - MINUTE })
const JOBS = [RISK, TRACER, GATHERING, PAUSED, DONE]
const OTHERS: JobLine[] = [{ name: 'spectrum', web: 'family', owner: 'bob', state: 'open', done: 0, total: 900, running: 0, at_work: [], time_left: '', note: 'this computer works for it', since: NOW - 20 * MINUTE, id: id(420, 32), seconds_left: null, has_more: false }]

/** Tiles in the order in which they come: from everywhere. */
const ORDER = Array.from({ length: 60 }, (_, index) => (index * 37) % 60)

function tile(unit: number): UnitView {
  const x = (unit % TILES.columns) * TILES.side
  const y = Math.floor(unit / TILES.columns) * TILES.side
  const [width, height] = [Math.min(TILES.side, TILES.width - x), Math.min(TILES.side, TILES.height - y)]
  const bytes = Buffer.alloc(8 + width * height * 3)
  ;[x, y, width, height].forEach((value, index) => bytes.writeUInt16LE(value, index * 2))
  for (let row = 0; row < height; row += 1) for (let column = 0; column < width; column += 1) {
    const at = 8 + (row * width + column) * 3
    const ball = Math.hypot(x + column - 320, (y + row - 190) * 1.1) < 110
    bytes[at] = ball ? 200 - (y + row) / 3 : 40 + (y + row) / 3
    bytes[at + 1] = ball ? 90 : 90 + (y + row) / 4
    bytes[at + 2] = ball ? 70 + (x + column) / 8 : 150
  }
  return { unit, input: '', size: bytes.length, text: '', base64: bytes.toString('base64'), content: null, failure: '', who: ['bob', 'Uncle Ted'] }
}

const text = (unit: number, said: string, more: Partial<UnitView> = {}): UnitView => ({ unit, input: '', size: said.length, text: said, base64: Buffer.from(said).toString('base64'), content: null, failure: '', who: ['bob'], ...more })

function resultsOf({ id: of, done }: JobView): UnitView[] {
  if (of === TRACER.id) return ORDER.slice(0, done).map(tile)
  if (of === DONE.id) return Array.from({ length: 12 }, (_, unit) => text(unit, `lines ${unit * 40 + 3}\nwords ${unit * 311 + 19}\nbytes ${unit * 2_048 + 90}\n`, { input: `lab/alice/archive/chapter ${unit + 1}.txt`, who: ['you'] }))
  if (of === RISK.id) return Array.from({ length: Math.min(done, 400) }, (_, unit) => unit === 17 ? text(17, '', { failure: 'it took more than 600 s of processor time', base64: null }) : unit === 5 ? text(5, '', { size: 4_200_000, base64: null, content: id(500) }) : text(unit, `call 8.${1_000 + unit}  put 4.${9_000 - unit}\n`))
  return []
}

let limits = { idle_cores: 0, idle_percent: 100, idle_memory: 50, used_cores: 1, used_percent: 25, used_memory: 10, hours: 'any', battery: false, metered: false, people: ['everybody'], watts: 8 }
const here: ComputeHere = {
  plan: 'it works when nobody uses it', mode: 'auto', until: null, state: 'working', note: 'nobody has touched this computer for 12 min', idle_seconds: 724, source: 'the desktop, by D-Bus', running: 3, fetched: 2, unsent: 1, working_for: ['bob', 'Uncle Ted'], given_seconds: 15_300, limits, cores: 8, on_battery: false,
}

const capacity: Capacity = {
  note: '3 of 4 computers are ready: together as fast as 22 cores of this one', cores_ready: 22, cores: 30, million_steps: 41_800, disk_mib: 3_900,
  computers: [
    { web: 'family', who: 'you', computer: 'desk', cores: 8, million_steps: 1_900, disk_mib: 2_100, state: 'working' }, { web: 'family', who: 'bob', computer: 'workshop', cores: 12, million_steps: 1_750, disk_mib: 1_200, state: 'ready' },
    { web: 'family', who: 'Uncle Ted', computer: 'tower', cores: 2, million_steps: 900, disk_mib: 600, state: 'ready' }, { web: 'lab', who: 'grace', computer: 'server', cores: 8, million_steps: 2_400, disk_mib: 5_000, state: 'away' },
  ],
}
const given: Given = { people: [
  { web: 'family', who: 'you', gave_seconds: 15_300, gave_units: 420, used_seconds: 48_200, used_units: 1_236 }, { web: 'family', who: 'bob', gave_seconds: 38_100, gave_units: 766, used_seconds: 12_000, used_units: 330 }, { web: 'family', who: 'Uncle Ted', gave_seconds: 8_000, gave_units: 159, used_seconds: 0, used_units: 0 },
] }
const evidence: Evidence = { cases: [{ web: 'family', who: 'bоb~51c3aa', computer: 'x', owner: 'you', unit: 88, note: 'it signed a result that two others, and this computer, do not get; the unit can be computed again to see who is right', is_signed: true, is_shut_out: true, at: NOW - HOUR }] }

const lineOf = ({ name, web, state, done, total, running, workers, time_left, note, since, id: of, seconds_left, has_more }: JobView): JobLine => {
  const isGoing = state === 'running'
  const at_work = isGoing ? [...new Set(workers.filter((each) => each.running > 0).map(({ who }) => who))] : []
  return { name, web, owner: 'you', state, done, total, running, at_work, time_left: isGoing ? time_left : '', note, since, id: of, seconds_left, has_more }
}

/** What the sample peer answers about jobs. */
export function sampleJobs(fault: Fault, push: (kind: string, about: unknown) => void): Record<string, (asked: Asked) => unknown> {
  const find = (of = '') => {
    const found = JOBS.find((each) => each.id.startsWith(of))
    if (!found) throw fault('compute.no-such-job', 'yours', `there is no job ${of} here`, [{ command: 'althing jobs list', text: 'shows which there are' }])
    return found
  }
  const change = (of: string | undefined, more: Partial<JobView>) => { const found = Object.assign(find(of), more); push('compute.changed', { id: found.id }); return found }
  let tick = 0
  const go = () => {
    tick += 1
    if (RISK.state === 'running') {
      RISK.done = Math.min(4_000, RISK.done + 1 + (tick % 4))
      RISK.steps[0] = { step: 'risk', state: 'running', done: RISK.done, total: 4_000 }
      RISK.ranges = [[0, 17, 2], [17, 1, 3], [18, 794, 2], [812, 1, 3], [813, RISK.done - 811, 2], [RISK.done + 2, 14, 1]]
      RISK.running = 14
      RISK.seconds_left = Math.round((4_000 - RISK.done) * 0.6)
      if (tick % 7 === 0) RISK.speed = [...RISK.speed.slice(1), 4 + ((tick * 7) % 11)]
      push('compute.changed', { id: RISK.id })
    }
    if (TRACER.state === 'running' && tick % 2 === 0) {
      TRACER.done = Math.min(60, TRACER.done + 1)
      const all = ORDER.slice(0, TRACER.done).toSorted((one, other) => one - other)
      TRACER.ranges = [...all.map((unit) => [unit, 1, 2]), ...ORDER.slice(TRACER.done, TRACER.done + 4).map((unit) => [unit, 1, 1])]
      if (TRACER.done === 60) Object.assign(TRACER, { state: 'done', is_over: true, until: Date.now() })
      TRACER.steps[0] = { step: 'tracer', state: TRACER.is_over ? 'done' : 'running', done: TRACER.done, total: 60 }
      push('compute.changed', { id: TRACER.id })
    }
  }
  setInterval(go, 700).unref()
  const setHere = (more: Partial<ComputeHere>) => { Object.assign(here, more); push('compute.here', {}); return here }
  const mode = (wanted: Mode, long?: string) => setHere(wanted === 'never'
    ? { mode: wanted, state: 'off', note: 'you have said so', running: 0, fetched: 0, working_for: [], until: null }
    : { mode: wanted, state: wanted === 'auto' ? 'paused' : 'working', note: wanted === 'auto' ? 'you are typing' : 'you have said so', working_for: wanted === 'auto' ? [] : ['bob'], running: wanted === 'auto' ? 0 : 3, until: long ? Date.now() + 2 * HOUR : null })
  const page = (of: string | undefined, from: number, limit: number) => {
    const found = find(of)
    const all = resultsOf(found).toSorted((one, other) => one.unit - other.unit).filter(({ unit }) => unit >= from)
    const results = all.slice(0, limit)
    return { results, next: (results.at(-1)?.unit ?? from) + 1, is_over: found.is_over, state: found.state }
  }
  return {
    'compute.jobs': ({ all }) => ({ jobs: [...JOBS.map(lineOf), ...(all ? OTHERS : [])] }),
    'compute.job': ({ id: of }) => find(of),
    'compute.map': ({ program = '', name, range, web }) => {
      if (!program.endsWith('.wasm')) throw fault('compute.no-program', 'yours', `cannot run ${program}: it is no WebAssembly program`, [{ command: '', text: 'compile it to wasm32; see examples/jobs' }])
      const made = job(name ?? program.split('/').at(-1) ?? '', 406 + JOBS.length, { web: web ?? 'family', total: range ?? 3, since: Date.now(), steps: [{ step: 'map', state: 'running', done: 0, total: range ?? 3 }], note: 'no computer that may work is here' })
      JOBS.unshift(made)
      return made
    },
    'compute.pause': ({ id: of }) => change(of, { state: 'paused', note: 'paused by you' }), 'compute.resume': ({ id: of }) => change(of, { state: 'running', note: '' }),
    'compute.cancel': ({ id: of }) => change(of, { state: 'cancelled', is_over: true, until: Date.now() }), 'compute.priority': ({ id: of, priority = 5 }) => change(of, { priority }),
    'compute.forget': ({ id: of }) => { const found = find(of); JOBS.splice(JOBS.indexOf(found), 1); return { name: found.name } },
    'compute.save': () => { throw fault('compute.not-a-folder', 'yours', 'cannot write into /nowhere: it cannot be made', [{ command: '', text: 'choose another folder' }]) },
    'compute.results': ({ id: of, from = 0, limit = 100 }) => page(of, from, limit),
    'compute.wait': async ({ id: of, after = 0 }) => {
      const found = find(of)
      for (let turn = 0; turn < 20 && resultsOf(found).length <= after && !found.is_over; turn += 1) await new Promise((resolve) => setTimeout(resolve, 500))
      const results = resultsOf(found).slice(after)
      return { results, next: after + results.length, is_over: found.is_over, state: found.state }
    },
    'compute.here': () => here, 'compute.on': () => mode('auto'), 'compute.off': () => mode('never'), 'compute.mode': ({ mode: wanted = 'never', for: long }) => mode(wanted, long),
    'compute.limits': (asked) => {
      if ((asked.idle_percent ?? 1) > 100) throw fault('compute.bad-limit', 'yours', `cannot set idle_percent to ${asked.idle_percent}: 1 to 100 is allowed`)
      limits = { ...limits, ...(asked as unknown as typeof limits), battery: asked.battery === 'yes', metered: asked.metered === 'yes' }
      return setHere({ limits })
    },
    'compute.capacity': ({ web }) => ({ ...capacity, computers: capacity.computers.filter((one) => !web || one.web === web) }),
    'compute.people': ({ web }) => ({ people: given.people.filter((one) => !web || one.web === web) }),
    'compute.evidence': () => evidence, 'compute.trust_again': () => { evidence.cases.forEach((one) => (one.is_shut_out = false)); return evidence },
  }
}
