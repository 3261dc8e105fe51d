// A small outbreak for the sample peer: found on Bob's computer, passed on, held, and let go again. Nothing is looked through.
import type { ComputerHealth, FindingView, GuardEntry, GuardView, LevelWord, ReleaseView, RuleSet, Suspect, WarningView } from '../src/lib/views.ts'
import { DAY, HOUR, id, MEMBERS, MINUTE, NOW } from './sample-data.ts'

interface Asked { web?: string; all?: boolean; file?: string; path?: string; note?: string; for_web?: boolean; state?: 'on' | 'off'; rules?: string; person?: string; no_longer?: boolean }
type Fault = (code: string, kind: string, what: string, remedies?: unknown[]) => Error

const finding = (rule: string, more: Partial<FindingView> = {}): FindingView => ({ rule, set: 'built in', is_in_force: true, is_harmful: true, inside: '', offsets: [], ...more })
const warning = (by: string, why: string, heard: number, more: Partial<WarningView> = {}): WarningView => ({ by, web: 'family', why, counts: true, heard, ...more })
const release = (by: string, note: string, heard: number, more: Partial<ReleaseView> = {}): ReleaseView => ({ by, web: 'family', counts: true, note, heard, ...more })
const suspect = (seed: number, name: string, level: LevelWord, size: number, more: Partial<Suspect> = {}): Suspect => ({
  name, level, meaning: '', findings: [], warnings: [], agents: [], releases: [], paths: [], is_here: true, looked: NOW - 20 * MINUTE, unseen: '', persons_needed: 2, web_note: '', size, since: NOW - 20 * MINUTE, content: id(seed), ...more,
})

const SUSPECTS: Suspect[] = [
  suspect(201, 'love-letter.txt.vbs', 'quarantined', 10_307, {
    meaning: 'rule mass_mailer_script was met here: it is not opened, given or put on disk',
    findings: [finding('mass_mailer_script', { offsets: [212, 1_044, 4_310] }), finding('double_extension', { is_harmful: false, offsets: [0] })],
    warnings: [warning('bob', 'rule mass_mailer_script', NOW - 22 * MINUTE), warning('you', 'rule mass_mailer_script', NOW - 20 * MINUTE)],
    paths: ['family/bob/letters/love-letter.txt.vbs', 'family/carol/inbox/love-letter.txt.vbs', 'family/Uncle Ted/old post/a letter for you.vbs (revision 2)'],
    web_note: '2 of 2 persons warn of it: with 2 it is held everywhere.', since: NOW - 22 * MINUTE,
  }),
  suspect(202, 'invoice 2026-11.pdf.exe', 'held', 482_304, {
    meaning: '2 persons warn of it: it is not opened, given or put on disk', is_here: false, looked: null,
    warnings: [warning('bob', 'rule dropper_in_invoice', NOW - 3 * HOUR), warning('Uncle Ted', 'my bank never sends those, and the file asked me to switch my scanner off', NOW - 2 * HOUR), warning('mallory', 'says so', NOW - 9 * DAY, { counts: false })],
    releases: [release('carol', 'it is from the shop, I think', NOW - HOUR, { counts: false })],
    paths: ['family/carol/inbox/invoice 2026-11.pdf.exe'], web_note: '2 of 2 persons warn of it: with 2 it is held everywhere.', since: NOW - 3 * HOUR,
  }),
  suspect(203, 'season tickets.zip', 'warned', 88_204_112, {
    meaning: '1 of 2 persons warn of it: opening asks first', unseen: 'an archive in it is locked by a password',
    warnings: [warning('carol', 'asks for a password and then for a card number', NOW - 50 * MINUTE)],
    paths: ['family/bob/letters/season tickets.zip'], web_note: '1 of 2 persons warn of it: with 2 it is held everywhere.', since: NOW - 50 * MINUTE,
  }),
  suspect(204, 'turn \u202Egnp.exe', 'warned', 12_000, {
    meaning: '1 of 2 persons warn of it: opening asks first', warnings: [warning('grace', '<b>ü</b> \u202e odd', NOW - 5 * HOUR, { web: 'lab' })], paths: ['lab/bob~2f/tools/turn \u202Egnp.exe'], since: NOW - 5 * HOUR,
    web_note: '1 of 2 persons warn of it: with 2 it is held everywhere.',
  }),
  suspect(205, 'macro budget.xlsm', 'released', 48_200, {
    meaning: 'whoever protects the web says that it is no harm', findings: [finding('macro_that_writes_files', { offsets: [9_120], inside: 'xl/vbaProject.bin' })],
    warnings: [warning('Uncle Ted', 'rule macro_that_writes_files', NOW - 2 * DAY)], releases: [release('bob', 'our own macro; it only sorts the months', NOW - 2 * DAY + HOUR)], paths: ['family/alice/plans/macro budget.xlsm'], since: NOW - 2 * DAY,
  }),
  suspect(206, 'packed game.exe', 'observed', 7_340_032, {
    meaning: 'a rule that only observes was met; nothing is held', findings: [finding('packed_program', { set: 'odd-programs.yar', is_in_force: false, offsets: Array.from({ length: 14 }, (_, index) => 512 * (index + 1)) })], paths: ['lab/grace/games/packed game.exe'], since: NOW - 6 * DAY,
  }),
]

const SETS: RuleSet[] = [
  { name: 'built in', state: 'in force, on every computer', is_in_force: true, rules: 0, licences: [], by: '', web: '', size: 0, content: id(221) },
  { name: 'family.yar', state: 'in force', is_in_force: true, rules: 42, licences: ['MIT'], by: 'you', web: 'family', size: 18_204, content: id(222) },
  { name: 'mail-worms.yar', state: 'in force', is_in_force: true, rules: 1_204, licences: ['Apache-2.0', 'BSD-2-Clause', 'DRL-1.1'], by: 'bob', web: 'family', size: 2_480_112, content: id(223) },
  { name: 'odd-programs.yar', state: 'observing: whoever offers it does not protect the web', is_in_force: false, rules: 17, licences: [], by: 'bob~2f', web: 'lab', size: 9_204, content: id(224) },
  { name: 'broken.yar', state: 'not usable: line 14 is no rule', is_in_force: false, rules: 0, licences: [], by: 'Uncle Ted', web: 'family', size: 120, content: id(225) },
]

const computer = (person: string, seed: number, more: Partial<ComputerHealth> = {}): ComputerHealth => ({ person, device: id(seed).slice(0, 10), is_guarded: true, rules: 2, seen: 12_402, held: 2, at: NOW - HOUR, ...more })
const entry = (at: number, what: string, name: string, more: Partial<GuardEntry> = {}): GuardEntry => ({ at, what, name, who: '', why: '', web: 'family', content: null, ...more })
const [LOVE, INVOICE, TICKETS, , MACRO] = SUSPECTS.map(({ content }) => content)

const LOG: GuardEntry[] = [
  entry(NOW - 20 * MINUTE, 'found here, quarantined', 'love-letter.txt.vbs', { why: 'rule mass_mailer_script', web: '', content: LOVE ?? null }),
  entry(NOW - 20 * MINUTE, 'warned of', 'love-letter.txt.vbs', { who: 'you', why: 'rule mass_mailer_script', content: LOVE ?? null }),
  entry(NOW - 22 * MINUTE, 'warned of', 'love-letter.txt.vbs', { who: 'bob', why: 'rule mass_mailer_script', content: LOVE ?? null }),
  entry(NOW - 50 * MINUTE, 'warned of', 'season tickets.zip', { who: 'carol', why: 'asks for a password and then for a card number', content: TICKETS ?? null }),
  entry(NOW - HOUR, 'asked to be released', 'invoice 2026-11.pdf.exe', { who: 'carol', why: 'it is from the shop, I think', content: INVOICE ?? null }),
  entry(NOW - 2 * HOUR, 'held: enough persons warn', 'invoice 2026-11.pdf.exe', { content: INVOICE ?? null }),
  entry(NOW - 2 * HOUR, 'warned of', 'invoice 2026-11.pdf.exe', { who: 'Uncle Ted', why: 'my bank never sends those, and the file asked me to switch my scanner off', content: INVOICE ?? null }),
  entry(NOW - 3 * HOUR, 'warned of', 'invoice 2026-11.pdf.exe', { who: 'bob', why: 'rule dropper_in_invoice', content: INVOICE ?? null }),
  entry(NOW - DAY, 'rules came into force', 'mail-worms.yar', { who: 'bob', content: id(223) }),
  entry(NOW - 2 * DAY + HOUR, 'released for the web', 'macro budget.xlsm', { who: 'bob', why: 'our own macro; it only sorts the months', content: MACRO ?? null }),
  entry(NOW - 2 * DAY, 'warned of', 'macro budget.xlsm', { who: 'Uncle Ted', why: 'rule macro_that_writes_files', content: MACRO ?? null }),
  entry(NOW - 3 * DAY, 'protects the web now', '', { who: 'bob' }),
  entry(NOW - 9 * DAY, 'the guard was switched on', '', { who: 'you', web: '' }),
]

const STATUS: GuardView = {
  state: 'on', trouble: '', waiting: 148,
  stopped: [{ path: 'family/alice/plans', why: '31 files became something else within a minute; nothing more is told until you say that it was meant: althing guard go-on PATH' }], seen: 12_402, held: 2, warned: 2, rules: 2,
  webs: [
    {
      web: 'family', persons_needed: 2, officers: ['bob', 'you'], is_officer: true,
      computers: [computer('bob', 103, { seen: 98_204, held: 2, at: NOW - 20 * MINUTE }), computer('carol', 105, { seen: 4_812, held: 1, rules: 1, at: NOW - 4 * HOUR }), computer('Uncle Ted', 106, { is_guarded: false, rules: 0, seen: 0, held: 0, at: NOW - DAY }), computer('you', 11, { at: NOW - 5 * MINUTE })],
    },
    { web: 'lab', persons_needed: 2, officers: ['grace'], is_officer: false, computers: [computer('grace', 102, { seen: 240_112, held: 0, rules: 0 }), computer('you', 11, { held: 0, rules: 0, at: NOW - 5 * MINUTE })] },
    { web: 'alone', persons_needed: 2, officers: ['you'], is_officer: true, computers: [] },
  ],
}

const WORDS: Partial<Record<LevelWord, string>> = { quarantined: 'is quarantined', held: 'is held', warned: 'may be harmful' }

/** What the sample peer answers about its guard, and what it says to whoever opens a file. */
export function sampleGuard(fault: Fault, push: (kind: string, about: unknown) => void): { operations: Record<string, (asked: Asked) => unknown>; gate: (path: string) => void } {
  const find = (file = '') => SUSPECTS.find(({ content, paths }) => content === file || paths.includes(file))
  const changed = (one: Suspect | null, web = '') => push('guard.changed', { web, content: one?.content ?? null, name: one?.name ?? '', level: one?.level ?? null, meaning: one?.meaning ?? '' })
  const note = (what: string, name: string, more: Partial<GuardEntry> = {}) => LOG.unshift(entry(Date.now(), what, name, { who: 'you', ...more }))
  const change = (one: Suspect, level: LevelWord, meaning: string, web: string) => { Object.assign(one, { level, meaning }); changed(one, web); return one }
  // What waits becomes less while one looks, and then more again.
  const status = () => ({ ...STATUS, waiting: STATUS.state === 'off' ? 0 : Math.max(0, STATUS.waiting - Math.floor((Date.now() / 400) % 160)), held: SUSPECTS.filter(({ level }) => level === 'held' || level === 'quarantined').length })
  const gate = (path: string) => {
    if (path.endsWith('a large film.iso')) throw fault('guard.not-yet', 'unreachable', 'a large film.iso could not be looked through in time', [{ command: '', text: 'try again in a moment' }])
    const one = find(path)
    if (one && STATUS.state === 'on' && WORDS[one.level]) throw fault(`guard.${one.level}`, 'refused', `${one.name} ${WORDS[one.level]}: ${one.meaning}`, [{ command: 'althing guard release FILE', text: 'opens it all the same on this computer; see first: althing guard show FILE' }])
  }
  const operations: Record<string, (asked: Asked) => unknown> = {
    'guard.status': ({ web }) => ({ ...status(), webs: STATUS.webs.filter((each) => !web || each.web === web) }),
    'guard.list': ({ all }) => ({ suspects: SUSPECTS.filter(({ level }) => all || WORDS[level]) }),
    'guard.show': ({ file = '' }) => find(file) ?? (file.includes('/') ? suspect(230, file.split('/').at(-1) ?? '', 'clear', 8_412, { meaning: 'nothing speaks against it', paths: [file] }) : (() => { throw fault('guard.no-such-file', 'yours', `there is no file at ${file} whose content is known`, [{ command: 'althing guard list', text: 'lists what is held or warned of' }]) })()),
    'guard.log': ({ file }) => ({ entries: LOG.filter(({ content }) => !file || content === find(file)?.content) }),
    'guard.check': async ({ path = '' }) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      if (path.includes('films')) throw fault('guard.nothing-here', 'yours', `nothing at ${path} is on this computer`, [{ command: 'althing get PATH', text: 'brings it here; it is looked through when it comes' }])
      const one = find(path)
      if (one) Object.assign(one, { looked: Date.now() })
      return one ? { files: 1, harmful: one.findings.length > 0 ? 1 : 0, unseen: one.unseen === '' ? 0 : 1, elsewhere: 0 } : { files: 1_204, harmful: 1, unseen: 2, elsewhere: 38 }
    },
    'guard.warn': ({ file = '', note: why = '' }) => {
      const web = file.split('/')[0] ?? 'family'
      const one = find(file) ?? suspect(240 + SUSPECTS.length, file.split('/').at(-1) ?? '', 'warned', 8_412, { paths: [file] })
      if (!SUSPECTS.includes(one)) SUSPECTS.push(one)
      one.warnings = [...one.warnings, warning('you', why || 'says so', Date.now(), { web })]
      note('warned of', one.name, { why, web, content: one.content })
      return change(one, one.level === 'clear' ? 'warned' : one.level, '1 of 2 persons warn of it: opening asks first', web)
    },
    'guard.release': ({ file, for_web, note: why = '', web = 'family' }) => {
      const one = find(file)
      if (!one) throw fault('guard.not-held', 'yours', 'it is neither held nor warned of')
      if (!for_web) { note('allowed on this computer', one.name, { why, web: '', content: one.content }); return change(one, 'allowed', 'you open it all the same, on this computer', web) }
      const counts = STATUS.webs.some((each) => each.web === web && each.is_officer)
      one.releases = [...one.releases, release('you', why, Date.now(), { web, counts })]
      note(counts ? 'released for the web' : 'asked to be released', one.name, { why, web, content: one.content })
      return counts ? change(one, 'released', 'whoever protects the web says that it is no harm', web) : change(one, one.level, one.meaning, web)
    },
    'guard.switch': ({ state = 'on' }) => { STATUS.state = state; note(`the guard was switched ${state}`, '', { web: '' }); changed(null); return status() },
    'guard.odd': () => ({
      odds: [
        { who: 'a stranger (5k2vq7)', deeds: [{ deed: 'asked for what only members may', times: 4 }], reporters: ['bob', 'carol', 'you'], days: 12, addresses: ['203.0.113.7'], is_scan: true, is_member: false, is_cut_off: false, last: Date.now() - 7_200_000, web: 'family', device: '5k2vq7' },
        { who: 'dave', deeds: [{ deed: 'gave wrong bytes', times: 1 }], reporters: ['you'], days: 1, addresses: [], is_scan: false, is_member: true, is_cut_off: true, last: Date.now() - 240_000, web: 'family', device: '8m3x' },
      ],
    }),
    'guard.rules': ({ web }) => ({ sets: SETS.filter((each) => !web || each.web === '' || each.web === web) }),
    'guard.add_rules': ({ file = '' }) => {
      if (!file.endsWith('.yar')) throw fault('guard.no-such-file', 'yours', `there is no file at ${file} whose content is known`)
      const made: RuleSet = { name: file.split('/').at(-1) ?? '', state: 'on its way here', is_in_force: false, rules: 0, licences: [], by: 'you', web: file.split('/')[0] ?? '', size: 1_204, content: id(260 + SETS.length) }
      SETS.push(made)
      changed(null)
      return made
    },
    'guard.drop_rules': ({ rules }) => { const [gone] = SETS.splice(SETS.findIndex(({ content, name }) => content === rules || name === rules), 1); changed(null); return { ...gone, state: 'taken back' } },
    'guard.officer': ({ person = '', web, no_longer }) => {
      const one = STATUS.webs.find((each) => each.web === web)
      if (!one || !MEMBERS[one.web]?.some(({ name }) => name === person)) throw fault('guard.no-such-person', 'yours', `nobody in ${web} is called ${person}`)
      one.officers = no_longer ? one.officers.filter((each) => each !== person) : [...one.officers, person].toSorted()
      note(no_longer ? 'protects the web no longer' : 'protects the web now', '', { who: person, web: one.web })
      changed(null, one.web)
      return { web, officers: one.officers, names: one.officers.join(', ') }
    },
  }
  return { operations, gate }
}
