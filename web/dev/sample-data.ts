// The people and files of the sample peer. Made up, but of the forms a real peer answers.
import type { ComputerView, EntryView, Event, MemberView, Net, RevisionView, TransferView } from '../src/lib/views.ts'

export const NOW = Date.now()
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const id = (seed: number, digits = 64): string =>
  Array.from({ length: digits }, (_, index) => ((seed * 2654435761 + index * 40503 * (seed + 7)) >>> 7) % 16)
    .map((digit) => digit.toString(16)).join('')

const member = (name: string, seed: number, more: Partial<MemberView> = {}): MemberView => ({
  name, own_name: '', petname: null, verified: null, role: 'member', is_me: false, is_here: true, last_heard: NOW - 20_000, id: id(seed), ...more,
})

export const MEMBERS: Record<string, MemberView[]> = {
  family: [
    member('alice', 1, { role: 'owner', is_me: true }),
    member('bob', 2, { role: 'admin', verified: NOW - 3 * DAY }),
    member('carol', 3, { is_here: false, last_heard: NOW - 4 * HOUR }),
    member('Uncle Ted', 4, { own_name: 'ted', petname: 'Uncle Ted' }),
    member('bоb~51c3aa', 14, { own_name: 'bоb' }),
    member('مها', 5, { is_here: false, last_heard: NOW - 3 * DAY }),
    member('harbour', 7, { role: 'carrier' }),
    member('mallory', 6, { role: null, is_here: false, last_heard: NOW - 9 * DAY }),
  ],
  lab: [member('alice', 1, { role: 'member', is_me: true }), member('grace', 8, { role: 'owner' }), member('bob~2f', 9)],
  club: [member('9f21c04e', 10, { role: 'owner' }), member('77ab0d13', 12, { is_here: false, last_heard: NOW - DAY }), member('alice', 1, { role: 'carrier', is_me: true })],
  alone: [member('alice', 1, { role: 'owner', is_me: true })],
}

const file = (name: string, size: number, changed: number, more: Partial<EntryView> = {}): EntryView => ({
  name, kind: 'file', size, changed, revision: 1, have: 1, freshness: 'newest-here', who: ['you'], note: '', path: name, ...more,
})
const elsewhere = (who: string[]): Partial<EntryView> => ({ have: null, freshness: 'elsewhere', who })
const other = (name: string, kind: EntryView['kind'], more: Partial<EntryView> = {}): EntryView => ({
  name, kind, size: null, changed: null, revision: null, have: null, freshness: null, who: [], note: '', path: name, ...more,
})

const NAUGHTY = [
  'a\nnew line.txt', 'turn \u202Egnp.exe', '__proto__', 'CON', '<img src=x onerror=alert(1)>.html', '\u200b', 'ﷺ'.repeat(8),
  'Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮.txt', '👩🏽‍🚀.png', 'مستند مهم.pdf', '$(touch me)', '%2e%2e%2f', 'a?b#c&d.txt', 'ü'.repeat(120) + '.txt', ' leading', 'tab\tname',
]

export const FOLDERS: Record<string, EntryView[]> = {
  'family/alice': [
    other('plans', 'share', { who: ['you', 'bob'] }), other('Pictures', 'share', { who: ['you'] }),
    other('everything', 'share', { who: ['you'] }), other('odd names', 'share', { who: ['you'] }),
  ],
  'family/alice/plans': [
    other('2026', 'folder', { changed: NOW - DAY }), other('Garden', 'folder', { changed: NOW - 9 * DAY }),
    file('Q4 Roadmap.md', 8_412, NOW - 3 * MINUTE, { revision: 3, have: 3, who: ['you', 'bob'] }),
    file('Orchard.pdf', 1_204_112, NOW - 2 * DAY), file('budget.csv', 20_480, NOW - 5 * HOUR, { revision: 7, have: 7 }),
    file('site map.png', 382_204, NOW - 40 * DAY), file('meeting.opus', 12_400_500, NOW - 12 * DAY, { freshness: 'reading', have: null, who: [] }),
    other('latest', 'link'),
  ],
  'family/bob': [other('films', 'share', { who: ['bob', 'carol'] }), other('recipes', 'share', { who: ['bob'] }), other('Q4', 'share', { who: ['bob', 'ted'] }), other('letters', 'share', { who: ['bob'] })],
  'family/bob/letters': [
    file('a large film.iso', 4_294_967_296, NOW - DAY, { who: ['you', 'bob'] }), file('love-letter.txt.vbs', 10_307, NOW - 22 * MINUTE, { who: ['you', 'bob'] }),
    file('mass mailers.yar', 9_204, NOW - DAY), file('season tickets.zip', 88_204_112, NOW - HOUR, { who: ['you', 'bob'] }), file('to grandma.txt', 1_204, NOW - 3 * DAY),
  ],
  'family/bob/films': [
    file('orchard in spring.webm', 4_294_967_296, NOW - 2 * DAY, elsewhere(['bob', 'carol'])),
    file('the pond.mp4', 734_003_200, NOW - 20 * DAY, elsewhere(['bob', 'carol', 'ted', 'مها', 'x1'])),
    file('notes.txt', 1_900, NOW - 60 * DAY, { who: ['you', 'bob'] }),
    file('cut list.md', 9_900, NOW - 14 * MINUTE, { revision: 2, have: 1, freshness: 'older-here', who: ['bob'], note: 'rev 2 at bob, you have rev 1' }),
    other('raw', 'folder', { changed: NOW - 30 * DAY }),
  ],
  'family/bob/Q4': [file('Q4 Roadmap.md', 8_412, NOW - 2 * HOUR, { revision: 4, ...elsewhere(['bob', 'ted']) })],
  'family/alice/everything': Array.from({ length: 100_000 }, (_, index) =>
    file(`entry ${String(index).padStart(6, '0')}.txt`, (index * 7919) % 5_000_000, NOW - ((index * 613) % 9_000) * HOUR, index % 3 ? {} : elsewhere(['bob']))),
  'family/alice/odd names': NAUGHTY.map((name, index) => file(name, index * 100, NOW - index * DAY)).sort((a, b) => (a.name < b.name ? -1 : 1)),
}

export const REVISIONS: RevisionView[] = [
  { number: 3, author: 'alice', at: NOW - 3 * MINUTE, size: 8_412, is_here: true, is_newest: true, what: 'changed', id: id(31) },
  { number: 2, author: 'bob', at: NOW - 2 * DAY, size: 8_100, is_here: false, is_newest: false, what: 'changed', id: id(32) },
  { number: 1, author: 'alice', at: NOW - 30 * DAY, size: 5_002, is_here: true, is_newest: false, what: 'listed', id: id(33) },
]

const transfer = (path: string, seed: number, more: Partial<TransferView>): TransferView => ({
  path, state: 'running', done: 0, total: 100, files_done: 0, files: 1, speed: 0, seconds_left: null, from: [], gave: [], why: '', to: null,
  is_over: false, started: NOW - 5 * MINUTE, id: id(seed, 32), ...more,
})
export const TRANSFERS: TransferView[] = [
  transfer('family/bob/films/orchard in spring.webm', 41, { done: 1_846_835_937, total: 4_294_967_296, speed: 48_200_000, seconds_left: 51, from: ['bob', 'carol'], gave: [{ who: 'bob', bytes: 1_200_000_000 }, { who: 'carol', bytes: 640_000_000 }] }),
  transfer('family/bob/recipes', 42, { state: 'paused', done: 120_000, total: 900_000, files_done: 14, files: 88 }),
  transfer('family/carol/letters', 43, { state: 'waiting', done: 0, total: 2_400_000, files: 12, why: 'nobody who has the rest is here; it goes on by itself' }),
  transfer('family/bob/films/notes.txt', 44, { state: 'done', done: 1_900, total: 1_900, files_done: 1, is_over: true, started: NOW - 2 * HOUR }),
  transfer('family/bob/letters/season tickets.zip', 46, { state: 'failed', done: 88_204_112, total: 88_204_112, is_over: true, to: '/home/alice/tickets', started: NOW - 40 * MINUTE, why: 'it may be harmful; see: althing guard list' }),
  transfer('family/ted/disk.img', 45, { state: 'failed', done: 5_000_000, total: 60_000_000_000, is_over: true, started: NOW - DAY, why: 'the disk of this computer is full: 4.1 GB free of 60.0 GB needed' }),
]

const computer = (name: string, seed: number, more: Partial<ComputerView> = {}): ComputerView => ({
  name, webs: [name.split('/')[0] ?? ''], connection: 'direct', via: '198.51.100.20:41641', round_trip_us: 21_400, receiving: 0, sending: 0, serves: [], mirror: null,
  is_carrier: false, last_heard: NOW - 1_000, why: '', remedy: '', device: id(seed), ...more,
})
const apart = (why: string, remedy: string, more: Partial<ComputerView> = {}): Partial<ComputerView> => ({ connection: 'none', via: '', round_trip_us: null, why, remedy, ...more })

export const NET: Net = {
  now: '5 of 9 computers are connected, 1 of them through a relay',
  computers: [
    computer('family/alice', 11, { webs: ['family', 'lab', 'alone', 'club'], connection: 'this', via: '', round_trip_us: null, serves: ['relay'], last_heard: NOW }),
    computer('family/harbour', 101, { connection: 'direct', via: '203.0.113.9:41641', round_trip_us: 38_200, sending: 1_240_000, serves: ['relay', 'mirror'], mirror: 500_000_000_000, is_carrier: true }),
    computer('lab/grace', 102, { connection: 'relayed', via: 'https://relay.grace.example./', round_trip_us: 142_000, serves: ['broker', 'mirror'], mirror: 2_000_000_000_000 }),
    computer('family/bob', 103, { webs: ['family', 'lab'], connection: 'lan', via: '192.168.1.23:41641', round_trip_us: 640, receiving: 48_200_000, sending: 912_000 }),
    computer('family/bob', 104, { webs: ['family', 'lab'], connection: 'lan', via: '192.168.1.40:50122', round_trip_us: 88 }),
    computer('family/carol', 105, apart('it does not answer, not through the relay either: it is off, asleep or without a network', '', { last_heard: NOW - 4 * HOUR })),
    computer('family/ted', 106, apart('it does not answer where it was last: it is off, asleep, has moved, or a router stands between you', 'let a computer that is always on carry for you: althing serve family --relay', { last_heard: NOW - 2 * DAY })),
    computer('family/مها', 107, { connection: 'trying', via: '', round_trip_us: null, why: '', remedy: '', last_heard: NOW - 3 * DAY }),
    computer('club/77ab0d13', 108, apart('nobody has said yet where it is', 'have it on while a member is here that it knows, or on the same local network', { last_heard: null })),
  ],
  addresses: ['192.168.1.7:41641', '192.0.2.7:41641', '[2001:db8:3c4d:15:0:d234:3eee::1]:41641', '[fd00::7]:41641', '10.8.0.4:41641'],
  relay: 'https://relay.harbour.example./', lan: false, dht: false, dht_stored: null,
}

let number = 0
const event = (at: number, kind: string, about: unknown): Event => ({ number: (number += 1), at, kind, about })
export const EVENTS: Event[] = [
  event(NOW - 2 * DAY, 'files.changed', { web: id(70), share: 'family/bob/films', entries: 214, paths: ['family/bob/films/the pond.mp4', 'family/bob/films/raw/01.mov', 'family/bob/films/raw/02.mov', 'family/bob/films/raw/03.mov', 'family/bob/films/raw/04.mov'] }),
  event(NOW - 14 * MINUTE, 'files.changed', { web: id(70), share: 'family/bob/films', entries: 1, paths: ['family/bob/films/cut list.md'] }),
  event(NOW - 3 * MINUTE, 'files.changed', { web: id(70), share: 'family/alice/plans', entries: 1, paths: ['family/alice/plans/Q4 Roadmap.md'] }),
  event(NOW - 2 * MINUTE, 'search.rang', { id: '5a81f8a0', query: 'roadmap', path: 'family/bob/Q4/Q4 Roadmap.md', revision: 4 }),
]
