// Documents, sites and links of the sample peer. Made up, but of the forms a real peer answers.
import { ChangeSet, Text } from '@codemirror/state'
import type { Component, ComponentView, Cursors, Document, DocumentChange, DocumentRow, LinkView, NewView, SiteView, SpanView, TableView } from '../src/documents/api.ts'
import { componentsOf, documentOf, linkIn, pinOf, titleOf } from '../src/documents/link.ts'
import { DAY, FOLDERS, HOUR, id, MEMBERS, MINUTE, NOW } from './sample-data.ts'

const WEB = id(70).slice(0, 20)
const SHARE = id(81, 32)
const link = (seed: number, more = '') => `althing:file/${WEB}/${SHARE}/${id(seed, 32)}${more}`

const target = (more: Partial<LinkView> & { link: string }): LinkView => ({
  copy: `http://althing.localhost/go/${more.link.slice(8)}`, kind: 'file', title: '', path: '', state: 'live', note: 'newest, at alice', owner: 'alice', web: 'family',
  revision: 3, part: '', size: 8_412, changed: NOW - 3 * MINUTE, content: id(90), query: '', ...more,
})

const BUDGET = link(201)
const ROADMAP = link(202)
const MAP = link(203)
const PAPER = link(204)
const FILM = link(205)
const LOST = link(206)
const OUR = id(301, 32)
const OTHER = id(302, 32)
const LOOP = id(303, 32)
const ours = (of: string) => `althing:document/${WEB}/${of}`

const TARGETS: LinkView[] = [
  target({ link: BUDGET, title: 'budget.csv', path: 'family/alice/plans/budget.csv', revision: 7, size: 20_480, changed: NOW - 5 * HOUR }),
  target({ link: ROADMAP, title: 'Q4 Roadmap.md', path: 'family/bob/Q4/Q4 Roadmap.md', owner: 'bob', state: 'stale', revision: 4, note: 'bob was last heard from 3 h ago; this is the newest revision known then', changed: NOW - 3 * HOUR }),
  target({ link: MAP, title: 'site map.png', path: 'family/alice/plans/site map.png', size: 382_204, revision: 1 }),
  target({ link: PAPER, title: 'Orchard.pdf', path: 'family/alice/plans/Orchard.pdf', size: 1_204_112, revision: 1 }),
  target({ link: FILM, title: 'the pond.mp4', path: 'family/bob/films/the pond.mp4', owner: 'bob', size: 734_003_200, revision: 1 }),
  target({ link: LOST, title: 'letters.txt', owner: 'carol', state: 'missing', note: 'carol stopped sharing the folder it was in, 2 days ago', revision: null, size: null, changed: null, content: null }),
  target({ link: `althing:document/${id(75).slice(0, 20)}/${id(304, 32)}`, kind: 'document', title: '', owner: '', web: '', state: 'denied', note: 'it belongs to a web you are not in', revision: null, size: null, changed: null, content: null }),
  target({ link: ours(OUR), kind: 'document', title: 'Garden in the new year', state: 'live', note: 'newest', revision: null, size: null, content: null }),
  target({ link: ours(OTHER), kind: 'document', title: 'Seeds to order', owner: 'bob', note: 'newest', revision: null, size: null, content: null }),
  target({ link: ours(LOOP), kind: 'document', title: 'A circle', owner: 'bob', note: 'newest', revision: null, size: null, content: null }),
  target({ link: `althing:person/${WEB}/${id(2)}`, kind: 'person', title: 'bob', path: 'family/bob', owner: 'bob', note: 'here now', revision: null, size: null, content: null, changed: null }),
  target({ link: `althing:web/${WEB}`, kind: 'web', title: 'family', path: 'family', owner: '', note: '5 members', revision: null, size: null, content: null, changed: null }),
]

const OUR_TEXT = `# Garden in the new year

We met on Sunday. **Everybody agrees** that the pond comes first, and that the *orchard* is planted before the frost is over. Bob has written down [what is to be done until December](${ROADMAP}); the old list is in [Seeds to order](${ours(OTHER)}).

## What it costs

![Our budget, as far as it is known](${BUDGET}#cells=A1:D40)

Numbers in \`budget.csv\` are Alice's. ~~Ask Ted for the rest.~~ Ted has answered:

- spades are there
- seeds come in January
  - of those, 12 are a present
- [ ] the ditch has to be dug
- [x] ask *Grüne Gärten*

## Where it goes

![The map of the garden](${MAP})

> The heron comes in April.

| who | does | until |
|:----|:----:|------:|
| Bob | dig  | March |
| مها | plan | May   |

### Roadmap

![Lines that matter](${ROADMAP}@4#lines=1-6)

![All about the orchard](althing:query/${WEB}?q=roadmap)

![Letters](${LOST})

![](althing:document/${id(75).slice(0, 20)}/${id(304, 32)})

![Seeds](${ours(OTHER)})

\`\`\`sh
althing get family/alice/plans
\`\`\`

That is all. <img src=x onerror=alert(1)> stays as it is.
`

interface Kept { row: DocumentRow; text: Text; version: number; log: { client: string; edit: unknown }[]; history: DocumentChange[]; texts: Record<string, string> }

function kept(of: string, text: string, more: Partial<DocumentRow>): Kept {
  return {
    row: { title: titleOf(text), web: 'family', owner: 'alice', changed_by: 'bob', changed: NOW - 4 * MINUTE, components: componentsOf(text).length, link: ours(of), id: of, ...more },
    text: Text.of(text.split('\n')), version: 1, log: [], history: [], texts: {},
  }
}

const documents: Kept[] = [
  kept(OUR, OUR_TEXT, {}),
  kept(OTHER, `# Seeds to order\n\nFrom the catalogue:\n\n![](${BUDGET}#cells=A1:B4)\n\nand from Bob.\n\n![](${ours(LOOP)})\n`, { owner: 'bob', changed: NOW - 2 * DAY }),
  kept(LOOP, `# A circle\n\n![](${ours(OTHER)})\n`, { owner: 'bob', changed_by: 'bob', changed: NOW - 9 * DAY }),
  kept(id(305, 32), '# <img src=x onerror=alert(1)> \u202eturned\n\nOdd.\n', { owner: 'Uncle Ted', changed_by: 'Uncle Ted', changed: NOW - 20 * DAY }),
  kept(id(306, 32), '# Minutes of the lab\n', { web: 'lab', owner: 'grace', changed_by: 'you', changed: NOW - 40 * DAY }),
  kept(id(307, 32), '# Thrown away\n', { is_removed: true, changed: NOW - 50 * DAY }),
]
const HISTORY: DocumentChange[] = [
  { who: 'bob', at: NOW - 4 * MINUTE, added: 42, removed: 0, excerpt: 'That is all.', change: 'c4' },
  { who: 'you', at: NOW - 40 * MINUTE, added: 310, removed: 12, excerpt: 'Ted has answered:', change: 'c3' },
  { who: 'مها', at: NOW - DAY, added: 96, removed: 4, excerpt: '| مها | plan | May |', change: 'c2' },
  { who: 'alice', at: NOW - 3 * DAY, added: 610, removed: 0, excerpt: 'Garden in the new year', change: 'c1' },
]

let sites: SiteView[] = [
  site('notes', 'you', 'alice', 'family', { is_own: true, path: 'family/alice/plans/2026' }),
  site('films', 'bob', 'bob', 'family', { note: 'bob is away; 3 of 12 files are not here', path: 'family/bob/films', changed: NOW - 20 * DAY }),
  site('wiki', 'grace', 'grace', 'lab', { path: 'lab/grace/wiki', changed: NOW - HOUR }),
]
function site(name: string, owner: string, person: string, web: string, more: Partial<SiteView>): SiteView {
  const label = `${name}--${person}--${web}`
  return { name, owner, web, label, site: `${web}/${person}/${name}`, address: `http://${label}.localhost:5199/`, path: '', link: `althing:folder/${WEB}/${SHARE}/${id(210, 32)}`, changed: NOW - 3 * HOUR, note: 'newest', is_own: false, ...more }
}

const WHO = ['alice', 'bob', 'مها', 'you']
function spans(text: string): SpanView[] {
  const found: SpanView[] = []
  let at = 0
  for (const part of text.split(/(?<=\n\n)/)) {
    found.push({ from: at, to: at + part.length, who: WHO[(part.length * 7) % WHO.length] ?? 'alice' })
    at += part.length
  }
  return found
}

type Say = (code: string, kind: string, what: string, remedies?: unknown[]) => Error
type Push = (kind: string, about: unknown) => void
interface Given {
  [name: string]: unknown
  document?: string; link?: string; path?: string; part?: string; web?: string; title?: string; text?: string; version?: number; since?: number; client?: string
  edits?: unknown[]; change?: string; name?: string; site?: string; first_row?: number; rows?: number; within?: string[]; cursor?: [number, number]; leaves?: boolean; revision?: number; removed?: boolean; to?: string; label?: string
}

/** Answers about documents. */
export function samplePages(fault: Say, push: Push): Record<string, (given: Given) => unknown> {
  const find = (given = ''): Kept => {
    const wanted = documentOf(given) || given
    const found = documents.find(({ row }) => row.id === wanted || row.title === wanted)
    if (!found) throw fault('pages.no-such-document', 'yours', 'there is no such document here', [{ command: 'althing doc list', text: 'lists those there are' }])
    return found
  }

  function resolve(given = ''): LinkView {
    const wanted = linkIn(given)
    const path = wanted === '' ? given : ''
    if (path !== '') return { ...made(path) }
    const [whole = '', part = ''] = wanted.split('#')
    const pin = pinOf(wanted)
    const bare = whole.replace(/@\d+$/, '')
    if (bare.startsWith('althing:query/')) return target({ link: wanted, kind: 'query', title: decodeURIComponent(bare.split('?q=')[1] ?? ''), query: decodeURIComponent(bare.split('?q=')[1] ?? ''), owner: '', note: '2 of 3 members answered', revision: null, size: null, changed: null, content: null })
    const known = TARGETS.find((each) => each.link === bare) ?? [...paths].find(([, each]) => each.link === bare)?.[1]
    const document = documents.find(({ row }) => row.link === bare)
    if (document && !known) return target({ link: bare, kind: 'document', title: document.row.title, note: 'newest', revision: null, size: null, content: null })
    if (!known) return target({ link: wanted, state: 'missing', note: 'nobody of your webs knows it', owner: '', web: '', revision: null, size: null, changed: null, content: null })
    return { ...known, link: wanted, copy: `http://althing.localhost/go/${wanted.slice(8)}`, part, ...(pin === null || known.state === 'missing' ? {} : { state: 'pinned' as const, revision: pin, note: `revision ${pin}, whatever came after; the newest is ${known.revision}` }) }
  }

  const paths = new Map<string, LinkView>()
  function made(path: string): LinkView {
    const known = TARGETS.find((each) => each.path === path) ?? paths.get(path)
    if (known) return known
    const [web, person, ...rest] = path.split('/')
    const name = path.split('/').at(-1) ?? ''
    const entry = FOLDERS[path.split('/').slice(0, -1).join('/')]?.find((each) => each.name === name)
    const view = rest.length === 0
      ? target({ link: `althing:person/${WEB}/${MEMBERS[web ?? '']?.find((each) => each.name === person)?.id ?? id(1)}`, kind: 'person', title: person ?? '', path, owner: person ?? '', revision: null, size: null, content: null })
      : target({ link: link(400 + paths.size), title: name, path, owner: person ?? '', kind: entry?.kind === 'file' ? 'file' : 'folder', size: entry?.size ?? null, revision: entry?.revision ?? null, changed: entry?.changed ?? null })
    paths.set(path, view)
    return view
  }

  const view = (document: Kept): Document => {
    const text = document.text.toString()
    const components: ComponentView[] = componentsOf(text).map(({ line, caption, link: to }) => ({ line, caption, target: resolve(to) }))
    return { about: document.row, text, version: document.version, components, spans: spans(text), can_write: true, note: document.row.id === OUR ? 'carol is away since 4 h: what she wrote meanwhile comes when she is back' : '' }
  }

  function table(given: Given): TableView {
    const all = Array.from({ length: 240 }, (_, index) => [['seeds', 'spades', 'ditch', '<img src=x onerror=alert(1)>', '=1+1', 'مضخة'][index % 6] ?? '', String(index * 3 + 2), (index * 1.75).toFixed(2), index % 4 ? '' : 'Alice says: not before March, and only if it is dry'])
    const [, cells = ''] = /cells=([^&]*)/.exec(given.link ?? '') ?? []
    const last = Number(/:[A-Z]+(\d+)$/.exec(cells)?.[1] ?? 241)
    const wide = cells.includes(':B') ? 2 : 4
    const rows = all.slice(0, last - 1).map((row) => row.slice(0, wide))
    const first = given.first_row ?? 0
    return { sheet: '', sheets: [], columns: ['A', 'B', 'C', 'D'].slice(0, wide), rows: [...(first === 0 ? [['what', 'how many', 'each €', 'note'].slice(0, wide)] : []), ...rows.slice(first === 0 ? 0 : first - 1, first + (given.rows ?? 100) - 1)], first_row: first, rows_total: rows.length + 1, has_header: true }
  }

  function component(given: Given): Component {
    const to = resolve(given.link)
    const blank: Component = { target: to, show: 'nothing', why: '', html: '', text: '', first_line: 1, table: null, hits: [], components: [], pages: null }
    if (to.state === 'denied' || to.state === 'missing') return blank
    if (to.kind === 'query') {
      const hits = ['family/bob/Q4', 'family/alice/plans'].flatMap((path) => (FOLDERS[path] ?? []).filter(({ name }) => name.toLowerCase().includes(String(to.query))).map((entry) => ({ ...entry, path: `${path}/${entry.name}`, here_now: ['you'], by: 'name' as const, note: 'newest', snippet: '', marks: [], copies: [] })))
      return { ...blank, show: 'hits', hits }
    }
    if (to.kind === 'document') {
      if ((given.within ?? []).some((each) => documentOf(each) === documentOf(to.link))) return { ...blank, why: 'it is shown within itself here; once is enough' }
      const document = find(to.link)
      return { ...blank, show: 'document', text: document.text.toString(), components: view(document).components }
    }
    if (to.kind !== 'file') return { ...blank, show: to.kind === 'person' ? 'person' : 'folder' }
    const ending = to.title.split('.').at(-1) ?? ''
    if (ending === 'csv') return { ...blank, show: 'table', table: table(given), why: '' }
    if (ending === 'md' && to.part.startsWith('lines')) return { ...blank, show: 'text', text: '# Q4 Roadmap\n\nPlant the orchard.\nDig the pond, and make sure that nobody falls into it before there is a fence around it.\n<script>alert(1)</script>\n', first_line: Number(/lines=(\d+)/.exec(to.part)?.[1] ?? 1) }
    if (ending === 'md') return { ...blank, show: 'html', html: `<h1>Q4 Roadmap</h1><p>Plant the <strong>orchard</strong>, see <a href="${BUDGET}">the budget</a>.</p><img src=x onerror=alert(1)><script>alert(1)</script><ul><li>seeds</li></ul>` }
    if (ending === 'png') return { ...blank, show: 'picture' }
    if (ending === 'pdf') return { ...blank, show: 'pdf', pages: 3 }
    if (ending === 'mp4' || ending === 'webm') return { ...blank, show: 'video' }
    return { ...blank, show: 'file', why: 'this kind of file is not shown' }
  }

  const row = (document: Kept) => document.row
  return {
    'pages.documents': ({ web, removed }) => ({ documents: documents.map(row).filter((each) => (!web || each.web === web) && (removed || !each.is_removed)).toSorted((one, other) => other.changed - one.changed) }),
    'pages.sites': ({ web }) => ({ sites: sites.filter((each) => !web || each.web === web) }),
    'pages.new': ({ web = 'family', title = '', text = '' }) => {
      const made = kept(id(310 + documents.length, 32), `# ${title}\n\n${text}`, { web, owner: 'you', changed_by: 'you', changed: Date.now() })
      documents.push(made)
      push('pages.edited', { web, document: made.row.id, version: 1 })
      return made.row
    },
    'pages.document': ({ document, change }) => {
      const found = find(document)
      if (!change) return view(found)
      const text = found.texts[change] ?? OUR_TEXT.slice(0, Math.max(200, OUR_TEXT.length * ['c1', 'c2', 'c3', 'c4'].indexOf(change) / 3)).replace('Everybody agrees', 'Most agree')
      return { ...view(found), text }
    },
    'pages.changes': ({ document, since = 0 }) => {
      const found = find(document)
      const isCutOff = since > found.version || since < found.version - found.log.length
      return { changes: isCutOff ? [] : found.log.slice(found.log.length - (found.version - since)), version: found.version, is_cut_off: isCutOff }
    },
    'pages.edit': ({ document, version = 0, client = '', edits = [] }) => {
      const found = find(document)
      if (version !== found.version) return { is_taken: false, version: found.version }
      for (const edit of edits) {
        found.text = ChangeSet.fromJSON(edit).apply(found.text)
        found.log.push({ client, edit })
        found.version += 1
      }
      Object.assign(found.row, { title: titleOf(found.text.toString()), changed: Date.now(), changed_by: 'you', components: componentsOf(found.text.toString()).length })
      push('pages.edited', { web: id(70), document: found.row.id, version: found.version })
      return { is_taken: true, version: found.version }
    },
    'pages.here': ({ document }): Cursors => {
      const found = find(document)
      const at = Math.min(found.text.length, 120)
      return { version: found.version, cursors: found.row.id !== OUR ? [] : [
        { who: 'bob', device: id(103), person: id(2), cursor: [at - 21, at] },
        { who: 'مها', device: id(107), person: id(5), cursor: [Math.min(found.text.length, 420), Math.min(found.text.length, 420)] },
        { who: 'carol', device: id(108), person: id(3), cursor: null },
      ] }
    },
    'pages.document_history': ({ document }) => ({ changes: [...find(document).history, ...(find(document).row.id === OUR ? HISTORY : [])] }),
    'pages.restore': ({ document }) => ({ is_taken: true, version: find(document).version }),
    'pages.remove': ({ document }) => Object.assign(find(document).row, { is_removed: true }),
    'pages.bring_back': ({ document }) => Object.assign(find(document).row, { is_removed: false }),
    'pages.link': ({ path = '', part, revision }) => { const to = resolve(path); const bare = to.link.split('#')[0]; return resolve(`${bare}${revision ? `@${revision}` : ''}${part ? `#${part}` : ''}`) },
    'pages.resolve': ({ link: given }) => resolve(given),
    'pages.backlinks': () => ({ links: [
      { title: 'Garden in the new year', path: '', link: ours(OUR), text: 'Our budget, as far as it is known', line: 7, part: 'cells=A1:D40', who: 'alice', at: NOW - 4 * MINUTE },
      { title: 'index.html', path: 'family/bob/Q4/index.html', link: ROADMAP, text: '<b>the budget</b>', line: 12, part: '', who: 'bob', at: NOW - 3 * DAY },
    ] }),
    'pages.publish': ({ name = '', web = 'family' }) => { const made = site(name, 'you', 'alice', web, { is_own: true, path: `${web}/alice/${name}` }); sites = [...sites, made]; return made },
    'pages.unpublish': ({ name }) => { const gone = sites.find((each) => each.name === name || each.site === name); sites = sites.filter((each) => each !== gone); return gone },
    'pages.versions': ({ site: wanted }) => ({ versions: [3, 50, 300].map((hours) => ({ at: NOW - hours * HOUR, files: hours === 3 ? ['index.html', 'pond.html'] : ['index.html'], label: `${wanted}--${hours.toString(16)}`, address: `http://${wanted}--${hours.toString(16)}.localhost:5199/` })) }),
    'pages.news': ({ web }): { news: NewView[] } => ({ news: ([
      { kind: 'document', title: 'Garden in the new year', what: 'changed', who: 'bob', web: 'family', at: NOW - 4 * MINUTE, path: '', link: ours(OUR) },
      { kind: 'link', title: 'Garden in the new year', what: 'links to budget.csv', who: 'bob', web: 'family', at: NOW - 5 * MINUTE, path: '', link: ours(OUR) },
      { kind: 'site', title: 'wiki', what: 'changed: 2 files', who: 'grace', web: 'lab', at: NOW - HOUR, path: 'lab/grace/wiki', link: '' },
      { kind: 'file', title: 'Q4 Roadmap.md', what: 'rev 4', who: 'bob', web: 'family', at: NOW - 3 * HOUR, path: 'family/bob/Q4/Q4 Roadmap.md', link: ROADMAP },
    ] satisfies NewView[]).filter((each) => !web || each.web === web) }),
    'host.open_site': ({ site: wanted }) => ({ link: `http://${wanted}.localhost:5199/` }),
    'host.component': (given) => component(given),
    'host.export_document': ({ to = '' }) => {
      if (!to.startsWith('/')) throw fault('host.not-absolute', 'yours', `cannot write ${to}: this is no whole path`, [{ command: '', text: 'say the whole path; it starts with /' }])
      return { file: to, size: 48_112, sources: 6, missing: ['Letters: carol stopped sharing the folder it was in'] }
    },
  }
}
