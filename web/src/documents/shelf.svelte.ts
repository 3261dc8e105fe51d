// What documents and sites there are; kept fresh by events. The rail needs it, so it is small.
import { faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import type { Fault } from '../lib/views.ts'
import { call, type DocumentRow, type SiteView } from './api.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 400

class Shelf {
  documents = $state.raw<DocumentRow[]>([])
  sites = $state.raw<SiteView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Whether the person asked for the section before there was anything in it. */
  isWanted = $state(false)

  #timer: ReturnType<typeof setTimeout> | undefined

  /** Reads all and follows; returns the way to stop. */
  begin(): () => void {
    void this.look()
    return news.listen(({ kind }) => {
      if (kind.startsWith('pages.') ? kind !== 'pages.here' : kind.startsWith('people.') || kind === 'files.share') this.#soon()
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

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.look()
    }, GATHER_MS)
  }
}

export const shelf = new Shelf()
