import { describe, expect, it } from 'vitest'
import type { NoticeView } from '../lib/views.ts'
import { cpuTime, fate, isHalted, isStopped, lineOf, runSign, seenWith, signOf, unseenOf } from './shown.ts'

const agent = (state: string) => ({ state, is_working: state === 'working' })
const notice = (of: string, at: number): NoticeView => ({ agent: of, at, title: '', text: '' })

describe('how an agent is', () => {
  it('is told apart: stopped for its web, and stopped here because it failed', () => {
    for (const state of ['stopped by Alice', 'stopped by you', 'stopped: Bob who admitted it is no admin', 'stopped: you are no member of its web']) expect([isStopped({ state }), isHalted({ state })]).toEqual([true, false])
    expect([isStopped, isHalted].map((is) => is({ state: 'stopped here after three failures: it trapped' }))).toEqual([false, true])
    for (const state of ['working', 'working elsewhere', 'switched off here', 'resting for 3 minutes']) expect([isStopped({ state }), isHalted({ state })]).toEqual([false, false])
  })

  it('has a sign; only what works here is good', () => {
    expect(['working', 'working elsewhere', 'stopped by Alice', 'stopped here after three failures: x', 'switched off here, as all are', 'resting for 3 minutes', 'waiting for its program', 'something new'].map((state) => signOf(agent(state)))).toEqual([
      { icon: 'here', tone: 'good' }, { icon: 'away', tone: '' }, { icon: 'stop', tone: '' }, { icon: 'warn', tone: 'warn' }, { icon: 'pause', tone: '' }, { icon: 'older', tone: 'warn' }, { icon: 'get', tone: '' }, { icon: 'away', tone: '' },
    ])
  })
})

describe('a run', () => {
  it('says by its sign what came of it', () => {
    expect(['ran', 'tried: nothing of it was done', 'failed: it trapped', 'failed for the third time in a row and is stopped here: it trapped', 'rests: its 60 runs of this hour are used up', 'could not be run here: no sandbox'].map((outcome) => runSign(outcome).tone)).toEqual(['good', 'good', 'danger', 'danger', 'warn', ''])
  })

  it('says of each action whether it was done, or why not; of a trial, whether it would be', () => {
    expect(fate({ action: 'tell: a', is_done: true, why: '' }, false)).toEqual({ text: 'done', isRefused: false })
    expect(fate({ action: 'hold a', is_done: false, why: 'it was not admitted to do this' }, false)).toEqual({ text: 'refused: it was not admitted to do this', isRefused: true })
    expect(fate({ action: 'tell: a', is_done: false, why: '' }, true)).toEqual({ text: 'would be done', isRefused: false })
    expect(fate({ action: 'hold a', is_done: false, why: 'its day is used up' }, true)).toEqual({ text: 'would be refused: its day is used up', isRefused: true })
  })

  it('tells processor time coarsely', () => {
    expect([0, 999, 1_000, 31_604, 999_400, 1_000_412, 10_000_000].map(cpuTime)).toEqual(['less than 1 ms', 'less than 1 ms', '1 ms', '32 ms', '999 ms', '1.0 s', '10.0 s'])
  })
})

describe('what an agent may do', () => {
  it('is said as the peer says it (crates/services/agents/src/capability.rs)', () => {
    expect(['changes *', 'read family/alice/a b', 'names *', 'members', 'guard', 'every 360', 'facts', 'notice', 'warn', 'hold'].map(lineOf)).toEqual([
      'hears which files change in any share', 'reads the beginning of files that change in family/alice/a b', 'sees the names of all files in any share', 'hears who joins or leaves', 'hears what the guard finds', 'runs every 360 minutes',
      'sees which files have no second copy, how long members are away, and how full this disk is', 'tells you things', 'asks the guard to warn of files', 'asks the guard to hold files',
    ])
    expect(lineOf('constructor')).toBe('constructor')
  })
})

describe('what agents told', () => {
  const all = [notice('family/digest', 9), notice('family/watchman', 7), notice('family/digest', 5)]

  it('is new until what the same agent told is looked at', () => {
    expect(unseenOf(all, {})).toEqual(all)
    const seen = seenWith({}, [notice('family/digest', 9)], all)
    expect(unseenOf(all, seen)).toEqual([notice('family/watchman', 7)])
    expect(unseenOf([notice('family/digest', 11), ...all], seen)).toEqual([notice('family/digest', 11), notice('family/watchman', 7)])
  })

  it('never becomes new again by looking at something older, and who is gone is forgotten', () => {
    expect(seenWith({ 'family/digest': 9, 'club/gone': 3 }, [notice('family/digest', 5)], all)).toEqual({ 'family/digest': 9, 'family/watchman': 0 })
  })
})
