// What documents and sites there are; kept fresh by events. The rail needs it, so it is small.
import { faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import { route } from '../lib/route.svelte.ts'
import type { Fault } from '../lib/views.ts'
import { call, type DocumentRow, type SiteView } from './api.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 400
/** While somebody writes, each few letters are an event: the list follows slowly, the slower the longer it is. */
const WRITTEN_MS = 1_000
const WRITTEN_MS_PER_ROW = 1
/** Where the list is not seen, only the section's being there hangs on it. */
const UNSEEN_MS = 15_000

class Shelf {
  documents = $state.raw<DocumentRow[]>([])
  sites = $state.raw<SiteView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Whether the person asked for the section before there was anything in it. */
  isWanted = $state(false)

  #timer: ReturnType<typeof setTimeout> | undefined
  #lookAt = 0

  /** Reads all and follows; returns the way to stop. */
  begin(): () => void {
    void this.look()
    return news.listen(({ kind, about }) => {
      const { document } = (about ?? {}) as { document?: unknown }
      if (kind === 'pages.edited' && typeof document === 'string' && this.find(document)) {
        this.#soon(route.section === 'documents' ? WRITTEN_MS + this.documents.length * WRITTEN_MS_PER_ROW : UNSEEN_MS)
      } else if (kind.startsWith('pages.') ? kind !== 'pages.here' : kind.startsWith('people.') || kind === 'files.share') this.#soon(GATHER_MS)
    })
  }

  async look(): Promise<void> {
    try {
      const [{ documents }, { sites }] = await Promise.all([call('pages.documents', { removed: true }), call('pages.sites', {})])
      Object.assign(this, { documents, sites, fault: null, isRead: true })
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  find(id: string): DocumentRow | undefined {
    return this.documents.find((each) => each.id === id)
  }

  /** Puts in what an act answered, before the event comes. */
  put(row: DocumentRow): void {
    this.documents = [row, ...this.documents.filter(({ id }) => id !== row.id)]
  }

  #soon(milliseconds: number): void {
    const at = Date.now() + milliseconds
    if (this.#timer && this.#lookAt <= at) return
    clearTimeout(this.#timer)
    this.#lookAt = at
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.look()
    }, milliseconds)
  }
}

export const shelf = new Shelf()
