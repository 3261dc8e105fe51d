// One document that is open: its text in an editor, what the peer says of it, who else is here. Lives as long as its
// page; edits that the peer does not have yet outlive a reload.
import { EditorState, Transaction } from '@codemirror/state'
import { EditorView, type ViewUpdate } from '@codemirror/view'
import { faultOf, PEER_AWAY, tellLast } from '../lib/call.ts'
import { desk } from '../lib/desk.svelte.ts'
import { news } from '../lib/events.svelte.ts'
import { house, needMembers } from '../lib/house.svelte.ts'
import { route } from '../lib/route.svelte.ts'
import type { Event, Fault } from '../lib/views.ts'
import { call as ask, type Cursors, type CursorView, type Document, type DocumentRow, type SpanView } from './api.ts'
import { authors, setAuthors } from './authors.ts'
import { Courier, textOf, type Draft, type Saving } from './courier.ts'
import { setPeers, type Peer } from './cursors.ts'
import { asParagraph, beside, editing, writable } from './editing.ts'
import { componentIn, componentsOf, titleOf } from './link.ts'
import { shelf } from './shelf.svelte.ts'
import type { Wanted } from './slash.ts'

/** Milliseconds: between two tellings of one's cursor, and until one says again that one is still here. */
const CURSOR_MS = 250
const HERE_MS = 15_000
/** Until the reading view and the window's title follow what is typed. */
const FOLLOW_MS = 120
const KEEP_MS = 250
const ABOUT_MS = 2_500
/** While somebody writes, only what stands around the text is asked for, and that changes seldom. */
const WRITTEN_MS = 10_000
const AUTHORS_MS = 1_200
const CLOSING_MS = 600

export interface Paperwork {
  onwanted: (wanted: Wanted) => void
  onlink: (link: string) => void
  onleave: () => void
}

export class Paper {
  readonly id: string
  view = $state.raw<EditorView | null>(null)
  about = $state.raw<DocumentRow | null>(null)
  text = $state('')
  note = $state('')
  canWrite = $state(false)
  saving = $state<Saving>('saved')
  /** Why it could not be opened, or what was typed could not be saved. */
  fault = $state.raw<Fault | null>(null)
  people = $state.raw<CursorView[]>([])
  isShowingAuthors = $state(false)
  isWriting = $state(false)
  title = $derived(titleOf(this.text))

  #courier: Courier | undefined
  readonly #paperwork: Paperwork
  #isOver = false
  #stop: (() => void)[] = []
  #timers: Record<string, ReturnType<typeof setTimeout> | undefined> = {}
  #toldAt = 0
  #told = ''
  #releaseLock: () => void = () => {}

  constructor(id: string, paperwork: Paperwork) {
    this.id = id
    this.#paperwork = paperwork
  }

  /** Reads the document and begins. */
  async open(): Promise<void> {
    try {
      const document = await ask('pages.document', { document: this.id })
      if (this.#isOver) return
      const draft = await this.#takeDraft()
      if (this.#isOver) return
      this.fault = null
      this.#begin(document, draft)
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  close(): void {
    this.#isOver = true
    for (const stop of this.#stop) stop()
    for (const timer of Object.values(this.#timers)) clearTimeout(timer)
    this.#keep()
    this.#courier?.stop()
    this.view?.destroy()
    this.#releaseLock()
    if (this.about) void ask('pages.here', { document: this.id, leaves: true }).catch(() => {})
  }

  /** The peer answers again, or events were missed. */
  look(): void {
    this.#courier?.look()
    this.#later('about', 300, () => void this.#lookAbout())
    this.#later('here', 0, () => void this.#tellHere())
  }

  retry(): void {
    this.fault = null
    void this.#courier?.go()
  }

  setWriting(isWriting: boolean): void {
    this.isWriting = isWriting
    this.#later('here', 0, () => void this.#tellHere())
  }

  /** Shows who wrote what, or no more. */
  async showAuthors(isWanted: boolean): Promise<void> {
    this.isShowingAuthors = isWanted
    this.view?.dispatch({ effects: beside.reconfigure(isWanted ? authors : []) })
    if (isWanted) await this.#lookAtAuthors()
  }

  /** Puts a component in where the cursor is. */
  insert(text: string): void {
    const { view } = this
    if (!view) return
    view.dispatch(asParagraph(view.state, view.state.selection.main.head, text))
    view.focus()
  }

  /** Writes another link into the component of a line. */
  relink(line: number, from: string, to: string): void {
    const { view } = this
    const text = view && line <= view.state.doc.lines ? view.state.doc.line(line) : null
    const at = text && componentIn(text.text)?.link === from ? text.text.lastIndexOf(from) : -1
    if (view && text && at >= 0) view.dispatch({ changes: { from: text.from + at, to: text.from + at + from.length, insert: to }, userEvent: 'input' })
  }

  get components(): number {
    return componentsOf(this.text).length
  }

  #begin(document: Document, draft: Draft | null): void {
    const client = draft?.client ?? crypto.randomUUID()
    this.#hold(client)
    const courier = new Courier(
      {
        edit: (version, edits) => ask('pages.edit', { document: this.id, version, client, edits }),
        changes: (since) => ask('pages.changes', { document: this.id, since }),
        whole: () => ask('pages.document', { document: this.id }),
      },
      client, draft?.base ?? document.text, draft?.version ?? document.version,
      {
        onsaving: (saving, error) => {
          this.saving = saving
          this.fault = saving === 'refused' ? faultOf(error) : null
          if (saving === 'saved') this.#later('keep', 0, () => this.#keep())
        },
        isAway: (error) => { const { code, kind } = faultOf(error); return code === PEER_AWAY || kind === 'unreachable' || code === 'page.no-fault' },
      },
    )
    this.#courier = courier
    const view = new EditorView({
      state: EditorState.create({
        doc: textOf(draft?.base ?? document.text),
        extensions: [courier.extension(), editing({
          within: [document.about.link], onchange: (update) => this.#changed(update), onwanted: this.#paperwork.onwanted, onlink: this.#paperwork.onlink, onleave: this.#paperwork.onleave,
          onfault: (error) => desk.complain(faultOf(error)),
        })],
      }),
    })
    this.view = view
    this.#tell(document)
    courier.begin(view, draft?.edits)
    if (draft) courier.look()
    this.text = view.state.doc.toString()
    this.#stop.push(news.listen((event) => this.#hear(event)))
    const leave = () => { this.#keep(); tellLast('pages.here', { document: this.id, leaves: true }) }
    addEventListener('pagehide', leave)
    this.#stop.push(() => removeEventListener('pagehide', leave))
    const beat = setInterval(() => void this.#tellHere(), HERE_MS)
    this.#stop.push(() => clearInterval(beat))
    void this.#tellHere()
  }

  #tell({ about, note, can_write }: Document): void {
    this.about = about
    this.note = note
    needMembers(about.web)
    if (route.section === 'document') route.web = about.web
    const canWrite = can_write && !about.is_removed
    if (canWrite === this.canWrite && this.about === about) return
    this.canWrite = canWrite
    this.view?.dispatch({ effects: writable.reconfigure(canWrite ? [] : [EditorState.readOnly.of(true), EditorView.editable.of(false)]) })
  }

  #changed(update: ViewUpdate): void {
    if (update.docChanged) {
      this.#later('follow', FOLLOW_MS, () => { this.text = update.view.state.doc.toString() })
      const isOwn = update.transactions.some((transaction) => transaction.docChanged && !transaction.annotation(Transaction.remote))
      if (isOwn) {
        this.#later('keep', KEEP_MS, () => this.#keep())
        void this.#courier?.go()
      }
      if (this.isShowingAuthors) this.#later('authors', AUTHORS_MS, () => void this.#lookAtAuthors())
    }
    if (update.selectionSet || update.docChanged || update.focusChanged) this.#later('cursor', Math.max(0, this.#toldAt + CURSOR_MS - Date.now()), () => { if (this.#place() !== this.#told) void this.#tellHere() })
  }

  #hear({ kind, about }: Event): void {
    const { document, version } = (about ?? {}) as { document?: unknown; version?: unknown }
    if (kind.startsWith('people.')) this.#later('about', ABOUT_MS, () => void this.#lookAbout())
    if (document !== this.id) return
    if (kind === 'pages.edited') {
      if (typeof version === 'number') this.#courier?.heard(version)
      this.#later('about', WRITTEN_MS, () => void this.#lookAbout())
    } else if (kind === 'pages.here') this.#later('here', CURSOR_MS, () => void this.#tellHere())
    else this.#later('about', 300, () => void this.#lookAbout())
  }

  async #lookAbout(): Promise<void> {
    try {
      const document = await ask('pages.document', { document: this.id })
      if (this.#isOver) return
      this.#tell(document)
      shelf.put(document.about)
      this.#courier?.heard(document.version)
    } catch {
      // The connection banner and the state of saving say what is wrong.
    }
  }

  async #lookAtAuthors(): Promise<void> {
    try {
      const { spans, version } = await ask('pages.document', { document: this.id, who: true })
      const courier = this.#courier
      if (this.#isOver || !courier || !this.isShowingAuthors) return
      const here = (span: SpanView) => ({ ...span, from: courier.placeHere(span.from, version) ?? 0, to: courier.placeHere(span.to, version) ?? 0, person: house.personId(this.about?.web ?? '', span.who) })
      this.view?.dispatch({ effects: setAuthors.of(spans.map(here)) })
    } catch {
      // What was shown stays.
    }
  }

  #place(): string {
    if (!this.isWriting || !this.view || !this.#courier) return ''
    const { anchor, head } = this.view.state.selection.main
    return `${this.#courier.placeThere(anchor)} ${this.#courier.placeThere(head)}`
  }

  async #tellHere(): Promise<void> {
    if (this.#isOver || !this.#courier) return
    this.#toldAt = Date.now()
    const place = (this.#told = this.#place())
    const [anchor, head] = place.split(' ').map(Number)
    try {
      const cursors = await ask('pages.here', { document: this.id, ...(place === '' || anchor === undefined || head === undefined ? {} : { cursor: [anchor, head] as [number, number] }) })
      if (!this.#isOver) await this.#show(cursors)
    } catch {
      // Said again in some seconds.
    }
  }

  async #show({ cursors, version }: Cursors): Promise<void> {
    const courier = this.#courier
    if (!courier) return
    if (version > courier.version) {
      courier.heard(version)
      await courier.go()
      if (this.#isOver) return
    }
    this.people = cursors
    const peers = cursors.flatMap(({ who, person, device, cursor }): Peer[] => {
      const [anchor, head] = (cursor ?? []).map((place) => courier.placeHere(Number(place), version))
      return typeof anchor === 'number' && typeof head === 'number' ? [{ who, person, device, anchor, head }] : []
    })
    this.view?.dispatch({ effects: setPeers.of(peers) })
  }

  get #key(): string {
    return `althing.draft.${this.id}`
  }

  /** Keeps what the peer does not have yet, for a reload of this window. */
  #keep(): void {
    const draft = this.#courier && this.view ? this.#courier.draft() : null
    try {
      if (draft) sessionStorage.setItem(this.#key, JSON.stringify(draft))
      else if (this.#courier) sessionStorage.removeItem(this.#key)
    } catch {
      // A browser that keeps nothing, or a text too large for it: the window still has it.
    }
  }

  async #takeDraft(): Promise<Draft | null> {
    try {
      const draft = JSON.parse(sessionStorage.getItem(this.#key) ?? 'null') as Draft | null
      if (typeof draft?.client !== 'string' || typeof draft.base !== 'string' || !Array.isArray(draft.edits)) return null
      // A window that was duplicated has the draft of the first one, which still lives and sends it.
      return (await isFree(draft.client)) ? draft : null
    } catch {
      return null
    }
  }

  /** Holds the name under which this window edits, as long as it is open. */
  #hold(client: string): void {
    void navigator.locks?.request(`althing.client.${client}`, () => new Promise<void>((resolve) => { this.#releaseLock = resolve })).catch(() => {})
  }

  /** Does something once, some time from now; asked again before, it is not done twice. */
  #later(name: string, milliseconds: number, act: () => void): void {
    this.#timers[name] ??= setTimeout(() => {
      this.#timers[name] = undefined
      if (!this.#isOver) act()
    }, milliseconds)
  }
}

/** Whether no window edits under a name any more; one that is just being closed or loaded anew is waited for. */
async function isFree(client: string): Promise<boolean> {
  if (!navigator.locks) return true
  return navigator.locks.request(`althing.client.${client}`, { signal: AbortSignal.timeout(CLOSING_MS) }, () => true).catch(() => false)
}
