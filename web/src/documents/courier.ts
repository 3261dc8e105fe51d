// Brings a person's edits to the peer and others' edits here, one request at a time, so that what is typed is never
// lost and never doubled: also when an answer is lost, the peer is away, or it starts anew. Knows no screen.
import { collab, getSyncedVersion, receiveUpdates, sendableUpdates, type Update } from '@codemirror/collab'
import { diff } from '@codemirror/merge'
import { ChangeSet, Compartment, EditorState, Text, Transaction, type ChangeSpec, type Extension, type TransactionSpec } from '@codemirror/state'
import type { Changes, Edited } from './api.ts'

/** Edits in one request, at most. */
const EDITS_MAX = 100
/** Changes remembered, to find places told for an older version. */
const LOG_MAX = 300
/** Milliseconds until the peer is asked again after it did not answer: the first, and the longest. */
const PAUSE_MS = 400
const PAUSE_MS_MAX = 5_000

/** How it stands with what was typed. */
export type Saving = 'saved' | 'saving' | 'away' | 'refused'

export interface Wire {
  edit(version: number, edits: unknown[]): Promise<Edited>
  changes(since: number): Promise<Changes>
  whole(): Promise<{ text: string; version: number }>
}

/** Where the text is edited; an `EditorView`, or a stand-in. */
export interface Sheet {
  readonly state: EditorState
  dispatch(...specs: TransactionSpec[]): void
}

/** What a reload needs to lose nothing. */
export interface Draft {
  version: number
  client: string
  base: string
  edits: unknown[]
}

export interface Hooks {
  /** How it stands, when that changes; with what was thrown, when something was. */
  onsaving: (saving: Saving, error?: unknown) => void
  /** Whether something thrown means that the peer is only away for now. */
  isAway: (error: unknown) => boolean
}

export class Courier {
  saving: Saving = 'saved'
  /** The text of the version the peer last agreed on. */
  base: Text

  readonly #link = new Compartment()
  readonly #client: string
  readonly #wire: Wire
  readonly #hooks: Hooks
  #sheet: Sheet | undefined
  #log: { version: number; changes: ChangeSet }[] = []
  #heard: number
  #going: Promise<void> | undefined
  #isWanted = false
  #isStopped = false
  #mustLook = false
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(wire: Wire, client: string, text: string, version: number, hooks: Hooks) {
    this.#wire = wire
    this.#client = client
    this.#hooks = hooks
    this.#heard = version
    this.base = textOf(text)
  }

  /** What an editor's state needs. */
  extension(): Extension {
    return this.#link.of(collab({ startVersion: this.#heard, clientID: this.#client }))
  }

  /** Begins to carry; edits kept from before a reload come first. */
  begin(sheet: Sheet, kept: readonly unknown[] = []): void {
    this.#sheet = sheet
    for (const edit of kept) sheet.dispatch({ changes: ChangeSet.fromJSON(edit) })
    void this.go()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  get version(): number {
    return getSyncedVersion(this.#state)
  }

  get hasUnsent(): boolean {
    return sendableUpdates(this.#state).length > 0
  }

  /** Hears that there is a version; asks for what is not here. */
  heard(version: number): void {
    this.#heard = Math.max(this.#heard, version)
    void this.go()
  }

  /** Looks whether all is as it seems, after the peer was away: it may have started anew and count from its beginning. */
  look(): void {
    this.#mustLook = true
    void this.go()
  }

  /** What would have to be kept for a reload; none when the peer has everything. */
  draft(): Draft | null {
    const unsent = sendableUpdates(this.#state)
    if (unsent.length === 0) return null
    return { version: this.version, client: this.#client, base: this.base.toString(), edits: unsent.map(({ changes }) => changes.toJSON()) }
  }

  /** Where a place of a version is in the text as it stands here; none when that version is too old or not here yet. */
  placeHere(place: number, version: number): number | null {
    if (version > this.version) return null
    let at = place
    if (version < this.version) {
      const first = this.#log.findIndex((each) => each.version === version)
      if (first < 0) return null
      for (const { changes } of this.#log.slice(first)) at = changes.mapPos(Math.min(at, changes.length), 1)
    }
    const unsent = this.#unsent()
    if (unsent) at = unsent.mapPos(Math.min(at, unsent.length), 1)
    return Math.min(at, this.#state.doc.length)
  }

  /** Where a place of the text here is in the newest version the peer knows. */
  placeThere(place: number): number {
    const unsent = this.#unsent()
    return unsent ? unsent.invertedDesc.mapPos(place, -1) : place
  }

  /** Carries until there is nothing to carry. */
  go(): Promise<void> {
    if (this.#isStopped || !this.#sheet) return Promise.resolve()
    this.#isWanted = true
    this.#going ??= this.#carry()
    return this.#going
  }

  async #carry(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      // What came while the last step was done is not forgotten.
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false
        while (!this.#isStopped && (await this.#step())) this.#failures = 0
      }
      this.#failures = 0
      this.#say('saved')
    } catch (error) {
      this.#fail(error)
    }
    this.#going = undefined
  }

  /** Does one thing; says whether there may be more. */
  async #step(): Promise<boolean> {
    if (this.#mustLook) {
      await this.#lookAtWhole()
      this.#mustLook = false
      return true
    }
    if (this.#heard > this.version) {
      await this.#pull()
      return true
    }
    const unsent = sendableUpdates(this.#state).slice(0, EDITS_MAX)
    if (unsent.length === 0) return false
    if (this.saving !== 'away') this.#say('saving')
    const version = this.version
    const answer = await this.#wire.edit(version, unsent.map(({ changes }) => changes.toJSON()))
    if (answer.is_taken) {
      this.#take(unsent.map(({ changes }) => ({ changes, clientID: this.#client })))
      this.#heard = Math.max(this.#heard, answer.version)
      return true
    }
    // Not taken means that there is something we do not have; if there is nothing, we have counted differently.
    if (!(await this.#pull())) this.#replace(await this.#wire.whole())
    return true
  }

  /** Takes what others did; says whether there was something. */
  async #pull(): Promise<boolean> {
    const version = this.version
    const { changes, version: newest, is_cut_off } = await this.#wire.changes(version)
    const isLower = newest < version
    if (is_cut_off || isLower || changes.length === 0) {
      if (is_cut_off || isLower || newest > version) this.#replace(await this.#wire.whole())
      else this.#heard = version
      return is_cut_off || isLower || newest > version
    }
    try {
      this.#take(changes.map(({ client, edit }) => ({ changes: ChangeSet.fromJSON(edit), clientID: client })))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#replace(await this.#wire.whole())
    }
    return true
  }

  #take(updates: readonly Update[]): void {
    let base = this.base
    const log = updates.map(({ changes }, index) => {
      base = changes.apply(base)
      return { version: this.version + index, changes }
    })
    this.#sheet?.dispatch(receiveUpdates(this.#state, updates))
    this.base = base
    this.#log = [...this.#log, ...log].slice(-LOG_MAX)
  }

  async #lookAtWhole(): Promise<void> {
    const whole = await this.#wire.whole()
    if (whole.version > this.version) {
      this.#heard = Math.max(this.#heard, whole.version)
      await this.#pull()
    }
    if (whole.version < this.version || (whole.version === this.version && whole.text !== this.base.toString())) this.#replace(whole)
  }

  /** Goes on with a text told as a whole; what the peer does not have yet is put into it where it belongs. */
  #replace({ text, version }: { text: string; version: number }): void {
    const now = textOf(text)
    const unsent = this.#state.doc.eq(now) ? null : this.#unsent()?.map(difference(this.base, now))
    const replacing = difference(this.#state.doc, now)
    // The counting of versions begins anew only in a state that had none.
    this.#sheet?.dispatch({ effects: this.#link.reconfigure([]) })
    if (!replacing.empty) this.#sheet?.dispatch({ changes: replacing, annotations: [Transaction.addToHistory.of(false), Transaction.remote.of(true)] })
    this.#sheet?.dispatch({ effects: this.#link.reconfigure(collab({ startVersion: version, clientID: this.#client })) })
    if (unsent && !unsent.empty) this.#sheet?.dispatch({ changes: unsent, annotations: Transaction.addToHistory.of(false) })
    this.base = now
    this.#log = []
    this.#heard = version
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return
    const isAway = this.#hooks.isAway(error)
    this.#say(isAway ? 'away' : 'refused', error)
    if (!isAway) return
    this.#timer = setTimeout(() => void this.go(), Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** this.#failures))
    this.#failures += 1
  }

  #say(saving: Saving, error?: unknown): void {
    if (this.saving === saving && error === undefined) return
    this.saving = saving
    this.#hooks.onsaving(saving, error)
  }

  #unsent(): ChangeSet | null {
    return sendableUpdates(this.#state).reduce<ChangeSet | null>((all, { changes }) => (all ? all.compose(changes) : changes), null)
  }

  get #state(): EditorState {
    if (!this.#sheet) throw new Error('nothing is carried yet')
    return this.#sheet.state
  }
}

/** A text as the editor has it; only `\n` ends a line, so that places stay what the peer counts. */
export function textOf(text: string): Text {
  return Text.of(text.split('\n'))
}

/** What turns one text into another, with as much kept as can be. */
export function difference(from: Text, to: Text): ChangeSet {
  if (from.eq(to)) return ChangeSet.empty(from.length)
  const specs = diff(from.toString(), to.toString(), { scanLimit: 2_000, timeout: 200 }).map(({ fromA, toA, fromB, toB }): ChangeSpec => ({ from: fromA, to: toA, insert: to.slice(fromB, toB) }))
  return ChangeSet.of(specs, from.length)
}
