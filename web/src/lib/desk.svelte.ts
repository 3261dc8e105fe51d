// What lies on the desk: the open dialog, the chosen thing, how the page looks. Kept over reloads where a person
// would expect it. Not for: anything the peer knows (house.svelte.ts).
import type { DocumentRow, SiteView } from '../documents/api.ts'
import { address } from './route.svelte.ts'
import { t } from './strings.ts'
import type { AgentView, CaseView, EntryView, Fault, JobView, MemberView, MessageView, RoomView, RuleSet, ShareView, Suspect, TransferView, TunnelView } from './views.ts'

export type Dialog =
  | { kind: 'share'; web: string; folder?: string }
  | { kind: 'unshare'; share: ShareView }
  | { kind: 'invite'; web: string }
  | { kind: 'add-web'; link?: string }
  | { kind: 'remove'; web: string; member: MemberView }
  | { kind: 'leave'; web: string }
  | { kind: 'dissolve'; web: string }
  | { kind: 'person'; web: string; member: MemberView }
  | { kind: 'save'; entry: EntryView; revision?: number }
  | { kind: 'cancel'; transfer: TransferView }
  | { kind: 'name' }
  | { kind: 'peer' }
  | { kind: 'serve'; web: string }
  | { kind: 'add-computer' }
  | { kind: 'recovery'; isNew?: boolean }
  | { kind: 'keys' }
  | { kind: 'new-document'; web: string }
  | { kind: 'publish'; web: string }
  | { kind: 'versions'; site: SiteView }
  | { kind: 'unpublish'; site: SiteView }
  | { kind: 'export-document'; document: DocumentRow }
  | { kind: 'remove-document'; document: DocumentRow }
  | { kind: 'new-job'; web: string }
  | { kind: 'cancel-job'; job: JobView }
  | { kind: 'forget-job'; job: JobView }
  | { kind: 'save-job'; job: JobView }
  | { kind: 'trust-again'; case: CaseView }
  | { kind: 'offer-tunnel'; web: string; tunnel?: TunnelView }
  | { kind: 'withdraw-tunnel'; tunnel: TunnelView }
  | { kind: 'open-tunnel'; tunnel: TunnelView }
  | { kind: 'new-room'; web: string }
  | { kind: 'new-direct'; web: string }
  | { kind: 'room-settings'; room: RoomView }
  | { kind: 'room-people'; room: RoomView }
  | { kind: 'talk-settings'; web: string }
  | { kind: 'delete-message'; message: MessageView }
  | { kind: 'guard-release'; suspect: Suspect; isForWeb?: boolean; web?: string; onopened?: () => void }
  | { kind: 'guard-warn'; path: string }
  | { kind: 'guard-off' }
  | { kind: 'guard-add-rules'; web: string }
  | { kind: 'guard-drop-rules'; set: RuleSet }
  | { kind: 'guard-officer'; web: string; person: string }
  | { kind: 'agent-admit'; web: string; like?: string; agent?: AgentView }
  | { kind: 'agent-stop'; agent: AgentView }
  | { kind: 'agent-start'; agent: AgentView }

export type Theme = 'auto' | 'light' | 'dark'

/** A short message that goes away by itself, or a fault that stays until it is dismissed. */
export interface Note {
  id: number
  text: string
  fault?: Fault
  href?: string
  hrefText?: string
}

const NOTE_MS = 6_000
const NARROW = matchMedia('(max-width: 1000px)')

class Desk {
  dialog = $state.raw<Dialog | null>(null)
  /** The thing the side panel tells about. */
  chosen = $state.raw<EntryView | null>(null)
  /** Where there is no room beside the list, the panel lies over it, and only when asked for there. */
  isNarrow = $state(NARROW.matches)
  #isPanelWanted = $state(recall('panel') !== 'closed')
  #isSheetWanted = $state(false)
  isPanelOpen = $derived(this.isNarrow ? this.#isSheetWanted : this.#isPanelWanted)
  theme = $state<Theme>((recall('theme') as Theme | null) ?? 'auto')
  isCompact = $state(recall('density') === 'compact')
  /** The last event the person has seen in What's new. */
  seen = $state(Number(recall('seen') ?? 0))
  notes = $state.raw<Note[]>([])

  /** The web whose joining is under way, so that a reload comes back to it. */
  joining = $state<string | null>(recall('joining') || null)

  #noteId = 0

  constructor() {
    NARROW.addEventListener('change', ({ matches }) => (this.isNarrow = matches))
  }

  open(dialog: Dialog): void {
    this.dialog = dialog
  }

  close(): void {
    this.dialog = null
  }

  togglePanel(): void {
    if (this.isNarrow) this.#isSheetWanted = !this.#isSheetWanted
    else {
      this.#isPanelWanted = !this.#isPanelWanted
      keep('panel', this.#isPanelWanted ? 'open' : 'closed')
    }
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    keep('theme', theme)
  }

  switchTheme(): void {
    const isDark = this.theme === 'dark' || (this.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
    this.setTheme(isDark ? 'light' : 'dark')
  }

  setCompact(isCompact: boolean): void {
    this.isCompact = isCompact
    keep('density', isCompact ? 'compact' : 'comfortable')
  }

  see(number: number): void {
    if (number === this.seen) return
    this.seen = number
    keep('seen', String(number))
  }

  setJoining(web: string | null): void {
    this.joining = web
    keep('joining', web ?? '')
  }

  say(text: string, link?: { href: string; text: string }): void {
    this.#add({ text, ...(link ? { href: link.href, hrefText: link.text } : {}) })
  }

  complain(fault: Fault): void {
    this.#add({ text: fault.what, fault, ...(fault.code.startsWith('guard.') ? { href: address('guard'), hrefText: t.guard.inGuard } : {}) })
  }

  forget(id: number): void {
    this.notes = this.notes.filter((note) => note.id !== id)
  }

  #add(note: Omit<Note, 'id'>): void {
    const id = (this.#noteId += 1)
    this.notes = [...this.notes.filter((old) => old.text !== note.text), { id, ...note }].slice(-3)
    if (!note.fault) setTimeout(() => this.forget(id), NOTE_MS)
  }
}

export const desk = new Desk()

function recall(key: string): string | null {
  try {
    return localStorage.getItem(`althing.${key}`)
  } catch {
    return null
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`althing.${key}`, value)
  } catch {
    // A browser that keeps nothing: the choice holds until the window closes.
  }
}
