// One folder of the tree as the table shows it: pages arrive as they are needed, news replaces what is seen.
import { call, faultOf } from './call.ts'
import { append, filtered, ordered, replaceAfter, type Column, type Order } from './listing.ts'
import type { EntryView, Fault, Listing } from './views.ts'

/** The first page is small, so that something is there at once. */
const FIRST_PAGE = 500
const PAGE = 10_000
/** Rows read again around what is seen, when there is news. */
const SEEN_MAX = 200

export class Folder {
  rows = $state.raw<EntryView[]>([])
  /** Where the next page starts; null at the end; undefined before the first. */
  next = $state<string | null | undefined>(undefined)
  fault = $state.raw<Fault | null>(null)
  query = $state('')
  /** How the rows are ordered; null as the peer lists them, for folders that have not arrived in full. */
  order = $state.raw<Order | null>({ column: 'name', isDescending: false })

  shown = $derived(filtered(this.order ? ordered(this.rows, this.order) : this.rows, this.query))

  #loading: Promise<void> | null = null
  /** The part read since the last news; null when all of it is. */
  #fresh: { start: number; end: number } | null = null
  #isClosed = false

  constructor(readonly path: string) {}

  /** Reads the first page. A folder with more than that is shown in the peer's order until asked otherwise. */
  async open(): Promise<void> {
    await this.#load(FIRST_PAGE)
    if (this.next) this.order = null
  }

  close(): void {
    this.#isClosed = true
  }

  /** Takes up a folder that was left: what was known is there at once. */
  reopen(): void {
    this.#isClosed = false
  }

  /** Reads the next page, when there is one. */
  async more(): Promise<void> {
    if (this.next) await this.#load(PAGE)
  }

  /** Reads all that is left; sorting and filtering need it. */
  async all(): Promise<void> {
    while (this.next && !this.fault && !this.#isClosed) await this.#load(PAGE)
  }

  async sort(column: Column): Promise<void> {
    const isSame = this.order?.column === column
    this.order = { column, isDescending: isSame ? !this.order?.isDescending : column !== 'name' }
    await this.all()
  }

  async search(query: string): Promise<void> {
    this.query = query
    if (query !== '') await this.all()
  }

  /** Reads again what is seen, between two places of the shown rows; the rest is read when it is seen. */
  async refresh(start: number, end: number): Promise<void> {
    if (this.next === undefined) return this.open()
    if (this.next === null && this.rows.length <= FIRST_PAGE) return this.#replace(undefined, FIRST_PAGE)
    if (this.order || this.query) return this.#replaceAll()
    const after = this.rows[Math.max(0, start) - 1]?.name
    await this.#replace(after, Math.min(SEEN_MAX, Math.max(1, end - start)))
    this.#fresh = { start, end }
  }

  /** Whether rows between two places may be older than the last news. */
  isStale(start: number, end: number): boolean {
    return this.#fresh !== null && (start < this.#fresh.start || end > this.#fresh.end)
  }

  /** Reads everything again; what is shown stays until all of it is there. */
  async #replaceAll(): Promise<void> {
    try {
      let rows: EntryView[] = []
      let after: string | null = null
      do {
        const page: Listing = await call('files.list', { ...this.#where(), ...(after === null ? {} : { after }), limit: PAGE })
        if (this.#isClosed) return
        rows = append(rows, page.entries)
        after = page.next
      } while (after !== null)
      Object.assign(this, { rows, next: null, fault: null })
      this.#fresh = null
    } catch (error) {
      this.#fail(error)
    }
  }

  async #replace(after: string | undefined, limit: number): Promise<void> {
    try {
      const page = await call('files.list', { ...this.#where(), ...(after === undefined ? {} : { after }), limit })
      if (this.#isClosed) return
      const wasWhole = this.next === null
      const isEnd = page.next === null
      this.rows = replaceAfter(this.rows, after, page.entries, isEnd)
      if (isEnd) this.next = null
      else if (wasWhole && this.rows.at(-1)?.name === page.entries.at(-1)?.name) this.next = page.next
      this.fault = null
    } catch (error) {
      this.#fail(error)
    }
  }

  #load(limit: number): Promise<void> {
    this.#loading ??= this.#read(limit).finally(() => (this.#loading = null))
    return this.#loading
  }

  async #read(limit: number): Promise<void> {
    try {
      const after = this.next ?? undefined
      const page = await call('files.list', { ...this.#where(), ...(after === undefined ? {} : { after }), limit })
      if (this.#isClosed) return
      this.rows = append(this.rows, page.entries)
      this.next = page.next
      this.fault = null
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (!this.#isClosed) this.fault = faultOf(error)
  }

  #where(): { path?: string } {
    return this.path === '' ? {} : { path: this.path }
  }
}
