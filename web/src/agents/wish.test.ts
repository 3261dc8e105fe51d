import { describe, expect, it } from 'vitest'
import type { AgentView } from '../lib/views.ts'
import { admitCommand, admitOf, capabilitiesOf, eventOf, isReady, likelyEvent, nameOf, NO_WISH, READY, wishOfAgent, wrong, type Wish } from './wish.ts'

const wish = (more: Partial<Wish> = {}): Wish => ({ ...NO_WISH, file: '/home/alice/watchman.wasm', web: 'family', ...READY.watchman, ...more })
const agent = (more: Partial<AgentView>): AgentView => ({
  agent: 'family/digest', name: 'digest', web: 'family', state: 'working', is_working: true, is_off_here: false, by: 'you', at: 0, may: [], capabilities: [], note: 'n', settings: 'tax', place: 'each computer', program: 'a', size: 1, cpu_ms: 500, memory_mib: 16, runs: 0, runs_max: 6, actions: 0, actions_max: 5, remembers: 0, remembers_max: 0, waiting: 0, last_run: null, ...more,
})

describe('admitting an agent', () => {
  it('sends what is said and nothing else', () => {
    expect(admitOf(wish())).toEqual({ file: '/home/alice/watchman.wasm', web: 'family', may: ['facts', 'every 360', 'notice'] })
    expect(admitOf(wish({ name: ' sentry ', isHere: true, settings: 'a\nb', note: ' for us ', budget: { cpu: '10', memory: '', runs: '600', actions: '1,000', state: '0' } }))).toMatchObject({ as: 'sentry', here: true, settings: 'a\nb', note: 'for us', cpu_ms: 10, runs_per_hour: 600, actions_per_day: 1_000, state_bytes: 0 })
  })

  it('asks for each share by itself, and for all of them once', () => {
    const shares = { changes: ['family/alice/a', 'family/bob/b', 'family/alice/a'], read: ['family/alice/a', '*'], names: ['*'] }
    expect(capabilitiesOf(wish({ may: ['changes', 'read', 'hold'], shares }))).toEqual(['changes family/alice/a', 'changes family/bob/b', 'read *', 'hold'])
  })

  it('says the same as a command', () => {
    expect(admitCommand(wish({ may: ['changes', 'every', 'notice'], minutes: '60', settings: 'tax invoice', isHere: true }))).toBe("althing agent admit /home/alice/watchman.wasm --may 'changes *' 'every 60' notice --web family --here --settings 'tax invoice'")
    expect(admitCommand(NO_WISH)).toBe('althing agent admit PROGRAM.wasm')
  })

  it('calls it as the peer would, when no name is said', () => {
    expect([{ file: '/a/My_Watch man.v2.wasm', name: '' }, { file: 'family/alice/p/digest.wasm', name: ' ' }, { file: '/a/b.wasm', name: 'x' }].map(nameOf)).toEqual(['my-watch-man-v2', 'digest', 'x'])
  })

  it('names what cannot be sent', () => {
    expect(wrong(wish())).toEqual([])
    expect(wrong(NO_WISH)).toEqual(['file', 'may'])
    for (const file of ['./watchman.wasm', '~/watchman.wasm', 'watchman.wasm']) expect(wrong(wish({ file }))).toContain('file')
    for (const name of ['-a', 'a-', 'A', 'ä', 'x'.repeat(41)]) expect(wrong(wish({ name }))).toEqual(['name'])
    for (const minutes of ['4', '10081', '', 'often']) expect(wrong(wish({ minutes }))).toEqual(['minutes'])
    expect(wrong(wish({ may: ['notice'], minutes: '' }))).toEqual([])
    expect(wrong(wish({ settings: 'a\n\tb', note: 'ü'.repeat(100) }))).toEqual([])
    expect(wrong(wish({ settings: 'x'.repeat(4_097), note: 'ü'.repeat(101) }))).toEqual(['settings', 'note'])
    expect(wrong(wish({ settings: 'turn \u202e back', note: 'a\nb' }))).toEqual(['settings', 'note'])
    expect(wrong(wish({ budget: { cpu: '9', memory: '257', runs: '0', actions: '1001', state: '262145' } }))).toEqual(['cpu', 'memory', 'runs', 'actions', 'state'])
  })

  it('starts from an agent that is there, with all it may do', () => {
    const capabilities = ['changes family/alice/a b', 'changes family/bob/c', 'every 15', 'notice']
    const before = wishOfAgent(agent({ capabilities, place: 'this computer' }))
    expect(before).toMatchObject({ file: '', name: 'digest', web: 'family', minutes: '15', isHere: true, settings: 'tax', note: 'n', budget: { cpu: '500', memory: '16', runs: '6', actions: '5', state: '0' } })
    expect(capabilitiesOf(before)).toEqual(capabilities)
    expect(before.shares.read).toEqual(['*'])
    expect(NO_WISH.shares.changes).toEqual(['*'])
  })

  it('knows those that are ready', () => {
    expect(['watchman', 'digest', 'virus-guard', 'toString', ''].map(isReady)).toEqual([true, true, true, false, false])
    expect(capabilitiesOf(wish(READY['virus-guard']))).toEqual(['changes *', 'read *', 'guard', 'notice', 'warn', 'hold'])
  })
})

describe('a try', () => {
  it('is for what the agent would most likely be told', () => {
    expect([['changes *', 'every 5'], ['changes *', 'guard'], ['members'], ['guard'], ['notice'], []].map(likelyEvent)).toEqual(['schedule', 'files', 'member-joined', 'guard', 'schedule', 'schedule'])
  })

  it('leaves the schedule to the peer, and names the share of a file', () => {
    expect(eventOf('schedule', '')).toEqual({})
    expect(JSON.parse(eventOf('files', ' family/bob/letters/a b.pdf ').event ?? '')).toEqual({ kind: 'files', share: 'family/bob/letters', entries: 1, files: [{ path: 'family/bob/letters/a b.pdf' }] })
  })
})
