// Mail folders, and the mails of the one that is looked at; kept fresh by events. The rail needs it, so it is small.
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import type { ComingMail, DraftView, Event, Fault, FolderView, MailLine } from '../lib/views.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 300
const PAGE = 50

class Mail {
  folders = $state.raw<FolderView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Of the folder that is looked at, newest first. */
  lines = $state.raw<MailLine[]>([])
  folder = $state('')
  hasMore = $state(false)
  /** Large ones whose letters have come, and the rest not. */
  coming = $state.raw<ComingMail[]>([])
  /** Mails that were begun in the page, on any computer of the person. */
  drafts = $state.raw<DraftView[]>([])

  unseen = $derived(this.folders.find(({ name }) => name === 'INBOX')?.unseen ?? 0)
  hasAny = $derived(this.folders.some(({ messages }) => messages > 0))

  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = 0

  /** Reads the folders and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen((event) => this.#hear(event))
  }

  /** Reads the folders, and the mails of the one that is looked at. */
  async look(): Promise<void> {
    const asked = ++this.#asked
    try {
      const [{ folders }, { drafts }] = await Promise.all([call('mail.folders', {}), call('mail.drafts', {})])
      // What was asked later has the say.
      if (asked === this.#asked) Object.assign(this, { folders, drafts, isRead: true, fault: null })
      if (this.folder !== '') await Promise.all([this.list(this.folder), this.lookWhatComes()])
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  /** Looks how far mails are that are on their way. */
  async lookWhatComes(): Promise<void> {
    try {
      this.coming = (await call('mail.coming', {})).mails
    } catch {
      // What is here is more than what comes: whoever asks again says what is wrong.
    }
  }

  /** Lists a folder, as many mails as were listed before. */
  async list(folder: string): Promise<void> {
    const isOther = folder !== this.folder
    if (isOther) Object.assign(this, { folder, lines: [], hasMore: false })
    if (isOther) void this.lookWhatComes()
    try {
      const { mails, has_more } = await call('mail.messages', { folder, limit: Math.min(200, Math.max(PAGE, this.lines.length)) })
      if (folder === this.folder) Object.assign(this, { lines: mails, hasMore: has_more, fault: null })
    } catch (error) {
      if (folder === this.folder) this.fault = faultOf(error)
    }
  }

  /** Lists older ones, too. */
  async more(): Promise<void> {
    const { folder, lines } = this
    const below = lines.at(-1)?.uid
    if (below === undefined) return
    try {
      const { mails, has_more } = await call('mail.messages', { folder, below, limit: PAGE })
      if (folder === this.folder) Object.assign(this, { lines: [...this.lines.filter(({ uid }) => uid >= below), ...mails], hasMore: has_more })
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  #hear({ kind }: Event): void {
    if (kind !== 'mail.changed' && kind !== 'mail.coming' && kind !== 'mail.draft') return
    this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, GATHER_MS)
  }
}

export const mail = new Mail()
