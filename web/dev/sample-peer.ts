// A sample peer for looking at the page while designing (see README.md). Not a peer: it decides nothing.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'
import type { EntryView, Found, Hit, KeptView, Net, ShareView, WebView } from '../src/lib/views.ts'
import { DAY, EVENTS, FOLDERS, HOUR, id, MEMBERS, NET, NOW, REVISIONS, TRANSFERS } from './sample-data.ts'
import { sampleAgents } from './sample-agents.ts'
import { sampleGuard } from './sample-guard.ts'
import { sampleJobs } from './sample-jobs.ts'
import { samplePages } from './sample-documents.ts'
import { sampleTalk } from './sample-talk.ts'
import { sampleTunnels } from './sample-tunnels.ts'

type Asked = Record<string, never> & { lan?: string; role?: string; path?: string; after?: string; limit?: number; query?: string; web?: string; name?: string; id?: string; folder?: string; names?: boolean }

const me = { name: 'Alice', person: id(1), device: id(11) }
let webs: WebView[] = [
  { name: 'family', role: 'owner', members: 5, here: 3, note: '', id: id(70) },
  { name: 'lab', role: 'member', members: 3, here: 2, note: '', id: id(71) },
  { name: 'club', role: 'carrier', members: 2, here: 0, note: "this computer carries for it and can't read it", id: id(73) },
  { name: 'alone', role: 'owner', members: 1, here: 1, note: '', id: id(72) },
]
const shares: ShareView[] = [
  { path: 'family/alice/everything', folder: '/home/alice/everything', files: 100_000, bytes: 240_000_000_000, hashed: 31_204, reading: { name: 'holiday.mp4', done: 1_200_000_000, size: 4_000_000_000 }, state: 'reading', skipped: 3, last_problem: 'socket: not a file or folder', canaries: [], id: id(80) },
  { path: 'family/alice/plans', folder: '/home/alice/plans', files: 12, bytes: 14_200_112, hashed: 12, reading: null, state: 'watching', skipped: 0, last_problem: '', canaries: [], id: id(81) },
]

const act = (at: number, by: string, seed: number, kind: string, what: string, about?: number) => ({
  at, by, what, is_void: what.includes('does not count'), why_void: '', kind, person: id(seed), about: about ? id(about) : null, device: id(seed + 100), entry: `${kind}-${at}`,
})

function folder(path: string): EntryView[] {
  const blank = { size: null, changed: null, revision: null, have: null, freshness: null, who: [], note: '' }
  if (path === '') return webs.map((web) => ({ ...blank, name: web.name, kind: 'web', path: web.name }))
  const parts = path.split('/')
  if (parts.length === 1) {
    return (MEMBERS[path] ?? []).filter((each) => each.role).map((each) => ({ ...blank, name: each.name, kind: 'person', path: `${path}/${each.name}` }))
  }
  return (FOLDERS[path] ?? []).map((entry) => ({ ...entry, path: `${path}/${entry.name}` }))
}

const everything = () => Object.keys(FOLDERS).flatMap((path) => folder(path).slice(0, 2_000))

function fault(code: string, kind: string, what: string, remedies: unknown[] = []) {
  return Object.assign(new Error(what), { fault: { code, kind, what, remedies } })
}

const SNIPPET = 'Im Frühling: plant the orchard behind the pond, dig the ditch, and ask Grüne Gärten for 12 seedlings before the frost is over. \u202eThen water'
const marksOf = (text: string, words: string[]): [number, number][] => words.flatMap((word): [number, number][] => {
  const at = text.toLowerCase().indexOf(word)
  return at < 0 ? [] : [[Buffer.byteLength(text.slice(0, at)), Buffer.byteLength(text.slice(0, at + word.length))]]
})
const NOTES: Partial<Record<string, string>> = { 'newest-here': 'newest', elsewhere: 'newest known, at carol, last heard from 3 h ago', 'older-here': 'rev 2 at bob, you have rev 1' }

function hit(entry: EntryView, index: number, words: string[]): Hit {
  const isText = index % 2 === 0 && entry.kind === 'file'
  return {
    ...entry, here_now: entry.who.filter((who) => who === 'bob' || who === 'you'), by: isText ? 'name-and-text' : 'name', note: NOTES[entry.freshness ?? ''] ?? '',
    snippet: isText ? SNIPPET : '', marks: isText ? marksOf(SNIPPET, [...words, 'plant', 'grüne']) : [],
    copies: index === 0 ? ['family/bob/Q4/a copy of the same.md'] : index === 2 ? ['family/bob/Q4/one.md', 'family/ted/two.md', 'lab/grace/three.md'] : [],
  }
}

/** Answers that come in one after the other. */
let asking: { words: string[]; limit: number; step: number } = { words: [], limit: 50, step: 0 }

function found(isOver: boolean): Found {
  const all = everything().filter(({ name }) => asking.words.every((word) => name.toLowerCase().includes(word)))
  const hits = all.slice(0, asking.limit).map((entry, index) => hit(entry, index, asking.words))
  const isMany = asking.words.length > 0
  return { hits, has_more: all.length > asking.limit, state: isOver ? 'done' : 'asking', is_over: isOver, how: '', answered: isMany ? 36 + asking.step : 0, members: 43, why: isOver ? 'no answer from carol (4 h ago), مها (3 days ago)' : '', id: 'a1', version: asking.step + 1 }
}

const kept: KeptView[] = [
  { query: 'roadmap', web: '', since: NOW - 9 * DAY, rang: 2, id: '5a81f8a0', news: [{ path: 'family/bob/Q4/Q4 Roadmap.md', revision: 4, at: NOW - 2 * HOUR }, { path: 'family/alice/plans/Q4 Roadmap.md', revision: 3, at: NOW - DAY }] },
  { query: '"turn \u202e back" orchard', web: 'family', since: NOW - HOUR, rang: 0, id: '5a81f8a1', news: [] },
]

/** Numbers move and one computer comes and goes, so that one sees what stays where it is. */
function net(web?: string): Net {
  const tick = Math.floor(Date.now() / 3_000)
  const computers = NET.computers.filter(({ webs: all }) => !web || all.includes(web)).map((each) => each.receiving === 0 ? each : { ...each, receiving: each.receiving + (tick % 7) * 911_000, round_trip_us: 640 + (tick % 5) * 37 })
  const up = computers.filter(({ connection }) => ['lan', 'direct', 'relayed'].includes(connection)).length
  return { ...NET, computers, now: computers.length === 1 ? 'there is no other computer in your webs yet' : `${up} of ${computers.length - 1} computers are connected` }
}

interface Wish { web?: string; relay?: boolean; mirror?: number | null; broker?: boolean; stop?: boolean }

function serve({ web = '', relay = false, mirror = null, broker = false, stop = false }: Wish) {
  const mine = NET.computers[0]
  const serves = stop ? [] : [...(relay ? ['relay'] : []), ...(mirror === null ? [] : ['mirror']), ...(broker ? ['broker'] : [])]
  if (mine) Object.assign(mine, { serves, mirror: stop ? null : mirror })
  return { what: stop ? `This computer no longer serves ${web}.` : `This computer serves ${web}: ${serves.join(', ')}. See: althing net`, id: id(70), relay, mirror, broker }
}

function about(path: string) {
  const name = path.split('/').at(-1)
  const entry = folder(path.split('/').slice(0, -1).join('/')).find((each) => each.name === name)
  if (!entry) throw fault('files.no-such-entry', 'yours', `there is no ${name} in this folder`, [{ command: 'althing ls', text: 'shows what is there' }])
  const holders = entry.kind === 'file' ? entry.who.map((who, index) => ({ who, revision: entry.revision ?? 1, is_here: index === 0, last_heard: NOW - index * 5 * HOUR })) : []
  if (entry.freshness === 'older-here') holders.push({ who: 'you', revision: 1, is_here: true, last_heard: NOW })
  return { entry, holders, content: entry.kind === 'file' ? id(90) : null, file: entry.kind === 'file' ? id(91, 32) : null }
}

/** Streams of events that are open. */
const listeners = new Set<ServerResponse>()
function push(kind: string, about: unknown): void {
  const event = { number: (EVENTS.at(-1)?.number ?? 0) + 1, at: Date.now(), kind, about }
  EVENTS.push(event)
  for (const each of listeners) each.write(`id: ${event.number}\nevent: happened\ndata: ${JSON.stringify(event)}\n\n`)
}

const guarded = sampleGuard(fault, push)
const operations: Record<string, (asked: Asked) => unknown> = {
  ...(guarded.operations as Record<string, (asked: Asked) => unknown>),
  ...(sampleAgents(fault, push) as Record<string, (asked: Asked) => unknown>),
  ...(samplePages(fault, push) as Record<string, (asked: Asked) => unknown>),
  ...(sampleJobs(fault, push) as Record<string, (asked: Asked) => unknown>),
  ...(sampleTalk(fault, push) as Record<string, (asked: Asked) => unknown>),
  ...(sampleTunnels(fault, push) as Record<string, (asked: Asked) => unknown>),
  'people.me': () => me,
  'people.introduce': ({ name }) => Object.assign(me, { name }),
  'people.webs': () => ({ webs }),
  'people.start_web_with': ({ name = '' }) => ({ name, role: 'owner', members: 1, here: 1, note: '', id: id(99) }),
  'people.start_web': ({ name = '' }) => { const web: WebView = { name, role: 'owner', members: 1, here: 1, note: '', id: id(webs.length + 70) }; webs = [...webs, web]; MEMBERS[name] = MEMBERS['alone'] ?? []; return web },
  'people.members': ({ web = '' }) => ({ members: MEMBERS[web] ?? [] }),
  'people.invite': ({ web, role = 'member' }) => ({ link: `althing1${'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.repeat(12)}`, web, role, uses: 1, expires: NOW + 7 * DAY, id: id(60, 32) }),
  'people.invitations': ({ web }) => web !== 'family' ? { invitations: [], waiting: [] } : {
    invitations: [
      { by: 'you', role: 'member', used: 1, uses: 5, expires: NOW + 6 * DAY, approve: true, state: 'open', id: id(61, 32) },
      { by: 'bob', role: 'member', used: 1, uses: 1, expires: NOW - DAY, approve: false, state: 'used up', id: id(62, 32) },
    ],
    waiting: [{ person: id(66), since: NOW - 5 * 60_000 }],
  },
  'people.join': () => ({ id: id(73), web: 'choir', inviter: 'Grace', state: 'asking', why: '', is_over: false }),
  'people.joining': () => ({ id: id(73), web: 'choir', inviter: 'Grace', state: 'waiting', why: 'admitted, waiting for a member to hand over the keys', is_over: false }),
  'people.audit': ({ web }) => ({ acts: web !== 'family' ? [] : [
    act(NOW - 60 * DAY, 'alice', 1, 'start', 'started the web'), act(NOW - 59 * DAY, 'alice', 1, 'key', 'made a new key for 2 persons'),
    act(NOW - 58 * DAY, 'bob', 2, 'join', 'joined by invitation 8d1f0c22ab'), act(NOW - 9 * DAY, 'mallory', 6, 'remove', 'removed alice, which does not count: its author was not allowed to', 1),
    act(NOW - 8 * DAY, 'alice', 1, 'remove', 'removed mallory', 6), act(NOW - HOUR, 'Uncle Ted', 4, 'join', 'joined by invitation 5c11d0e9f2'),
  ] }),
  'people.audit_export': () => ({ acts: 6, text: '"time","by"\r\n' }),
  'people.news': () => ({ news: [
    { at: NOW - 2 * HOUR, web: 'family', who: 'bоb~51c3aa', what: 'calls itself bоb and is somebody else, not the bob you have verified', kind: 'namesake', is_loud: true, person: id(14) },
    { at: NOW - 3 * HOUR, web: 'family', who: 'carol', what: 'was called Caroline and now goes by the name carol', kind: 'renamed', is_loud: false, person: id(3) },
  ] }),
  'people.invited': () => ({ invited: [{ web: "Bob's birthday", by: 'carol', through: 'family', at: NOW - HOUR, expires: NOW + 29 * DAY, person: id(3), id: id(90) }] }),
  'people.enter': () => ({ id: id(73), web: 'choir', inviter: 'Grace', state: 'asking', why: '', is_over: false }),
  'people.decline': () => ({ what: 'The invitation is off your list.' }), 'people.dissolve': () => ({ what: 'The web is dissolved.' }),
  'people.dismissals': () => ({ dismissals: [] }), 'people.dismiss': () => ({ what: 'The removal is signed by you; one more is needed.' }),
  'people.same_person': () => ({ what: 'It is signed by you; one more is needed.' }),
  'people.name': () => ({ what: 'You call this person so from now on.' }), 'people.verify': () => ({ what: 'bob is verified: nobody stands between you.' }),
  'people.safety': () => ({ name: 'bob', code: '27183 09452 55120 98114 30027 61733 84029 11950 47276 20653', link: `althingperson1${'qpzry9x8gf2tvdw0s3jn54khce6mua7l'.repeat(4)}`, verified: null, id: id(2) }),
  'people.accept': () => ({ what: 'Admitted.' }), 'people.revoke': () => ({ what: 'The invitation has ended.' }),
  'people.set_role': () => ({ what: 'Bob is a member now.' }), 'people.leave': () => ({ what: 'You have left.' }),
  'people.remove': () => ({ what: 'Bob is removed; nothing new reaches him. He could already have everything shared until now.', files_kept: 1_204, bytes_kept: 12_400_000_000 }),
  'files.shares': () => ({ shares }), 'files.share': () => { throw fault('files.not-a-folder', 'yours', 'cannot share /home/x: there is no such folder on this computer', [{ command: '', text: 'check the path; it starts with /' }]) },
  'files.unshare': () => shares[1],
  'files.list': ({ path = '', after, limit = 1000 }) => {
    const rows = folder(path)
    const start = after === undefined ? 0 : rows.findIndex((row) => row.name === after) + 1
    const entries = rows.slice(start, start + limit)
    return { entries, next: start + limit < rows.length ? entries.at(-1)?.name : null }
  },
  'search.find': async ({ query = '', names, limit = 50 }) => {
    asking = { words: query.toLowerCase().split(/\s+/).filter(Boolean), limit, step: 0 }
    return found(Boolean(names))
  },
  'search.more': async () => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    asking.step = Math.min(5, asking.step + 1)
    return found(asking.step === 5)
  },
  'search.kept': () => ({ searches: kept }), 'search.keep': ({ query = '' }) => { kept.unshift({ query, web: '', since: NOW, rang: 0, news: [], id: id(95, 8) }); return kept[0] },
  'search.drop': ({ id: wanted }) => kept.splice(kept.findIndex((each) => each.id === wanted), 1)[0],
  'files.about': ({ path = '' }) => about(path), 'files.history': () => ({ revisions: REVISIONS }),
  'files.get': ({ path = '' }) => { guarded.gate(path); return TRANSFERS[0] }, 'files.transfers': () => ({ transfers: TRANSFERS }),
  'files.pause': ({ id: wanted }) => Object.assign(TRANSFERS.find((each) => each.id === wanted) ?? {}, { state: 'paused' }),
  'files.resume': ({ id: wanted }) => Object.assign(TRANSFERS.find((each) => each.id === wanted) ?? {}, { state: 'running' }),
  'files.cancel': ({ id: wanted }) => Object.assign(TRANSFERS.find((each) => each.id === wanted) ?? {}, { state: 'cancelled', is_over: true }),
  'host.net': ({ web }) => net(web), 'host.lan': ({ lan }) => { NET.lan = lan === 'on'; return { what: NET.lan ? 'Others are looked for on the local network.' : 'The local network is left alone.' } },
  'host.dht': ({ dht }) => { NET.dht = dht === 'on'; return { what: NET.dht ? 'Members find each other in the DHT.' : 'Nothing is said in the DHT any more.' } },
  'people.serve': (asked) => serve(asked),
  'host.status': () => ({ name: me.name, now: '4 of 6 people are here, 1 transfer runs', people_here: me.name ? 4 : 0, people: me.name ? 6 : 0, transfers: 1, page: '', home: '/home/alice/.local/share/althing', kept: 12_400_000_000, free: 214_000_000_000, addresses: ['192.0.2.7:41641'], paused: [], since: NOW - 3 * HOUR, last_event: EVENTS.length, version: '0.1.0' }),
}

const SHOWN: Record<string, [show: string, media: string, body: string]> = {
  md: ['markdown', 'text/html', '<body style="font:15px/1.6 sans-serif;max-width:70ch;margin:24px auto;padding:0 16px"><h1>Q4 Roadmap</h1><p>Plant the orchard. Dig the pond.</p><ul><li>seeds</li><li>spades</li></ul>'],
  txt: ['text', 'text/plain', 'A plain text.\n'], csv: ['text', 'text/plain', 'seeds,12\nspades,2\n'],
  png: ['image', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400"><rect width="640" height="400" fill="#cde5d6"/><circle cx="320" cy="200" r="90" fill="#7aa2b8"/><path d="M0 330q160-60 320 0t320 0v70H0z" fill="#5b8a63"/></svg>'],
  mp4: ['video', 'video/mp4', ''], webm: ['video', 'video/webm', ''], opus: ['audio', 'audio/ogg', ''],
}

function view({ path = '' }: Asked) {
  guarded.gate(path)
  const { entry } = about(path)
  const ending = path.split('.').at(-1) ?? ''
  return { url: `/sample/${ending}`, show: SHOWN[ending]?.[0] ?? 'none', name: entry.name, size: entry.size, media: '', revision: entry.revision, content: id(90), expires: NOW + HOUR }
}

async function body(request: IncomingMessage): Promise<Asked> {
  let text = ''
  for await (const piece of request) text += String(piece)
  return JSON.parse(text || '{}') as Asked
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://sample')
  const say = (status: number, value: unknown) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(JSON.stringify(value)); return true }
  try {
    if (url.pathname === '/session') {
      const { code } = (await body(request)) as unknown as { code: string }
      if (!code.startsWith('sample')) return say(401, fault('gateways.code-refused', 'refused', 'the code is not good').fault)
      if (code === 'sample-new') { me.name = ''; webs = [] }
      return say(200, { token: 'sample', expires: NOW + DAY })
    }
    if (url.pathname === '/api/events') {
      const after = Number(url.searchParams.get('after') ?? EVENTS.length)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`event: hello\ndata: {"last": ${EVENTS.length}}\n\n`)
      for (const event of EVENTS.filter((each) => each.number > after)) response.write(`id: ${event.number}\nevent: happened\ndata: ${JSON.stringify(event)}\n\n`)
      listeners.add(response)
      request.on('close', () => listeners.delete(response))
      return true
    }
    if (url.pathname === '/site') return say(200, { url: '/sample/md' })
    if (url.pathname === '/sample-push') { const { kind, about } = (await body(request)) as unknown as { kind: string; about: unknown }; push(kind, about); return say(200, {}) }
    if (url.pathname === '/view') return say(200, view(await body(request)))
    if (url.pathname === '/qr') { response.writeHead(200, { 'content-type': 'image/svg+xml' }); response.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21"><path fill="#fff" d="M0 0h21v21H0z"/><path d="M2 2h5v5H2zM14 2h5v5h-5zM2 14h5v5H2zM9 9h3v3H9z"/></svg>'); return true }
    if (url.pathname.startsWith('/content/')) { response.writeHead(200, { 'content-type': 'application/octet-stream' }); response.end('a large result\n'); return true }
    if (url.pathname.startsWith('/sample/')) { const [, media, text] = SHOWN[url.pathname.slice(8)] ?? []; response.writeHead(200, { 'content-type': media ?? 'text/plain' }); response.end(text); return true }
    const operation = operations[url.pathname.replace('/api/', '')]
    return operation ? say(200, await operation(await body(request))) : false
  } catch (error) {
    return say(400, (error as { fault?: unknown }).fault ?? { code: 'sample.broken', kind: 'broken', what: String(error), remedies: [] })
  }
}

/** Answers in place of a peer. */
export function samplePeer(): Plugin {
  const use = (isBuilt: boolean) => ({ middlewares }: { middlewares: Connect.Server }) => {
    middlewares.use((request, response, next) => {
      // As of the real page, but for the tools of development.
      if (isBuilt) response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; manifest-src 'self'; img-src 'self' data: blob: http://*.localhost:5199; connect-src 'self'; frame-src 'self' http://*.localhost:5199; media-src 'self' http://*.localhost:5199; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
      void answer(request, response).then((isDone) => isDone || next())
    })
  }
  return { name: 'sample-peer', configureServer: use(false), configurePreviewServer: use(true) }
}
