import { describe, expect, it } from 'vitest'
import { t } from '../lib/strings.ts'
import type { Fault, MemberView, ReleaseView, Suspect, WarningView } from '../lib/views.ts'
import { around, countShut, isGate, keyOf, levelOfFault, placeOf, releaseCommand, spreadOf, touchOf, websOf, whyOf } from './shown.ts'

const suspect = (more: Partial<Suspect>): Suspect => ({
  name: 'love-letter.txt.vbs', level: 'warned', meaning: '', findings: [], warnings: [], agents: [], releases: [], paths: [], is_here: true, looked: null, unseen: '', persons_needed: 2, web_note: '', size: 0, since: 0, content: 'a'.repeat(64), ...more,
})
const member = (name: string, more: Partial<MemberView> = {}): MemberView => ({ name, own_name: '', petname: null, verified: null, role: 'member', is_me: false, is_here: true, last_heard: null, id: `id of ${name}`, ...more })
const warning = (by: string, web = 'family'): WarningView => ({ by, web, why: 'rule worm', counts: true, heard: 0 })
const release = (by: string, web = 'family'): ReleaseView => ({ by, web, counts: true, note: '', heard: 0 })
const fault = (code: string, what = ''): Fault => ({ code, kind: 'refused', what, remedies: [] })

const MEMBERS = [member('Alice', { is_me: true }), member('bob'), member('carol'), member('ted'), member('harbour', { role: 'carrier' }), member('mallory', { role: null })]

describe('a place', () => {
  it('is a path, or an older revision at a path', () => {
    expect(placeOf('family/bob/letters/a.txt')).toEqual({ path: 'family/bob/letters/a.txt' })
    expect(placeOf('family/bob/letters/a.txt (revision 12)')).toEqual({ path: 'family/bob/letters/a.txt', revision: 12 })
    expect(placeOf('family/bob/letters/notes (revision two).txt')).toEqual({ path: 'family/bob/letters/notes (revision two).txt' })
  })
})

describe('the spread of a file', () => {
  const of = suspect({
    paths: ['family/bob/a/x.vbs', 'family/bob/b/x.vbs', 'lab/grace/x.vbs', 'family/ted/old/x.vbs (revision 2)'],
    warnings: [warning('you'), warning('bob'), warning('mallory'), warning('grace', 'lab')], releases: [release('carol')],
  })

  it('says of each person of a web what they have to do with it, those who show it first', () => {
    const { touched, others } = spreadOf(of, 'family', MEMBERS)
    expect(touched.map((each) => [each.label, touchOf(each), each.places.length])).toEqual([['bob', 'shows', 2], ['ted', 'showed', 1], ['Alice', 'warns', 0], ['mallory', 'warns', 0], ['carol', 'says', 0]])
    expect(touched.find(({ label }) => label === 'Alice')).toMatchObject({ isMe: true, id: 'id of Alice' })
    expect(touched[0]?.warning?.by).toBe('bob')
    expect(others).toEqual([])
  })

  it('leaves the rest to those who have nothing to do with it; carriers and the gone are none of them', () => {
    expect(spreadOf(suspect({ paths: ['family/bob/x'] }), 'family', MEMBERS).others.map(({ name }) => name)).toEqual(['Alice', 'carol', 'ted'])
  })

  it('names whoever is no member any more, or not known yet', () => {
    expect(spreadOf(of, 'lab', []).touched).toMatchObject([{ label: 'grace', id: 'grace', isMe: false }])
  })

  it('knows its webs', () => {
    expect(websOf(of)).toEqual(['family', 'lab'])
    expect(websOf(suspect({}))).toEqual([])
  })

  it('is drawn around the file, inside of the picture', () => {
    expect(around(4, 400, 200, 40)).toEqual([{ x: 200, y: 40 }, { x: 360, y: 100 }, { x: 200, y: 160 }, { x: 40, y: 100 }])
    expect(around(0, 400, 200, 40)).toEqual([])
    for (const { x, y } of around(12, 300, 272, 44)) expect(x >= 44 && x <= 256 && y >= 44 && y <= 228).toBe(true)
  })
})

describe('what is held', () => {
  it('is counted by level', () => {
    expect(countShut([suspect({ level: 'quarantined' }), suspect({}), suspect({ level: 'observed' }), suspect({})])).toEqual({ quarantined: 1, held: 0, warned: 2 })
  })

  it('is said in one sentence', () => {
    expect(t.guard.sum(1, 0, 0)).toBe('1 file is quarantined')
    expect(t.guard.sum(0, 2, 1)).toBe('2 files are held, 1 warned of')
    expect(t.guard.sum(1, 1, 2)).toBe('1 file is quarantined, 1 held, 2 warned of')
  })

  it('is new again at another level', () => {
    expect(keyOf(suspect({ level: 'held' }))).not.toBe(keyOf(suspect({ level: 'warned' })))
  })
})

describe('a refusal', () => {
  it('of the gate is told from others, with its level and its reason', () => {
    expect(['guard.quarantined', 'guard.held', 'guard.warned', 'guard.not-yet', 'guard.no-such-file', 'files.no-such-entry'].map((code) => isGate(fault(code)))).toEqual([true, true, true, true, false, false])
    expect(levelOfFault(fault('guard.held'))).toBe('held')
    expect(levelOfFault(fault('guard.not-yet'))).toBeNull()
    expect(whyOf(fault('guard.quarantined', 'x.vbs is quarantined: rule worm'))).toBe('rule worm')
    expect(whyOf(fault('guard.warned', 'x: y.vbs may be harmful: bob: warns'))).toBe('bob: warns')
    expect(whyOf(fault('guard.not-yet', 'film.mkv could not be looked through in time'))).toBe('film.mkv could not be looked through in time')
  })
})

describe('a check', () => {
  it('is said in a sentence', () => {
    expect(t.guard.checked(1, 0, 0, 0)).toBe('Looked through it: nothing harmful.')
    expect(t.guard.checked(1, 1, 1, 0)).toBe('Looked through it: it is harmful, but not all of it could be looked at.')
    expect(t.guard.checked(1_204, 2, 3, 1)).toBe('1,204 files looked through: 2 harmful, 3 could not be looked at. 1 more is not on this computer.')
  })
})

describe('the command that does the same', () => {
  it('quotes what needs it', () => {
    expect(releaseCommand('family/bob/a b.vbs', false, '', 'family')).toBe("althing guard release 'family/bob/a b.vbs'")
    expect(releaseCommand('family/bob/x', true, 'our own', 'family')).toBe("althing guard release family/bob/x --for-web --web family --note 'our own'")
  })
})
