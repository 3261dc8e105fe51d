// The operations of pages and of what links lead to, written by hand in the manner of lib/api.gen.ts until
// `cargo xtask generate` makes them; names and fields are those of crates/foundation/api (pages.rs, host.rs).
import { call as ask } from '../lib/call.ts'
import type { Bytes, EntryKind, Hit, Id, Time } from '../lib/api.gen.ts'

/** How what a link leads to is. */
export type LinkState = 'live' | 'stale' | 'pinned' | 'denied' | 'missing'

/** What a link leads to. */
export interface LinkView {
  /** The link as it is written, range and all. */
  link: string
  /** The same for programs that only know `http:` addresses. */
  copy: string
  /** `file`, `folder`, `content`, `person`, `document`, `query` or `web`. */
  kind: string
  title: string
  path: string
  state: LinkState
  note: string
  owner: string
  web: string
  revision: number | null
  /** The range, as in `lines=3-9`; empty for the whole. */
  part: string
  size: Bytes | null
  changed: Time | null
  content: Id | null
  /** The query of a link to one. */
  query?: string
}

export interface MakeLink { path: string; part?: string | null; revision?: number | null }
export interface Resolve { link: string }
export interface AskBacklinks { link: string }

/** Something that links here. */
export interface BacklinkView {
  title: string
  path: string
  link: string
  text: string
  line: number
  part: string
  who: string
  at: Time
}
export interface Backlinks { links: BacklinkView[] }

export interface Publish { name: string; folder: string; web?: string | null }
export interface AskSites { web?: string | null }

/** A site. */
export interface SiteView {
  name: string
  owner: string
  web: string
  label: string
  site: string
  address: string
  path: string
  link: string
  changed: Time | null
  note: string
  is_own: boolean
}
export interface Sites { sites: SiteView[] }
export interface Unpublish { name: string }
export interface AskVersions { site: string }
export interface VersionView { at: Time; files: string[]; label: string; address: string }
export interface Versions { versions: VersionView[] }
export interface SiteEntry { name: string; kind: EntryKind; size: Bytes | null }

export interface NewDocument { web: string; title: string; text?: string }

/** A document in a list. */
export interface DocumentRow {
  title: string
  web: string
  owner: string
  changed_by: string
  changed: Time
  components: number
  link: string
  is_removed?: boolean
  id: string
}
export interface AskDocuments { web?: string | null; removed?: boolean }
export interface Documents { documents: DocumentRow[] }
export interface AskDocument { document: string; change?: string | null; who?: boolean }

/** A component of a document. */
export interface ComponentView { line: number; caption: string; target: LinkView }
/** Part of a text by one person. */
export interface SpanView { from: number; to: number; who: string }

/** A document. */
export interface Document {
  about: DocumentRow
  text: string
  version: number
  components: ComponentView[]
  spans: SpanView[]
  can_write: boolean
  note: string
}

/** One edit of a text, as CodeMirror's `ChangeSet.toJSON` writes it. */
export type ChangeSet = unknown
export interface Edit { document: string; version: number; client: string; edits: ChangeSet[] }
export interface Edited { is_taken: boolean; version: number }
export interface AskChanges { document: string; since: number }
export interface ChangeView { client: string; edit: ChangeSet }
export interface Changes { changes: ChangeView[]; version: number; is_cut_off: boolean }

export interface Here { document: string; cursor?: [number, number] | null; leaves?: boolean }
/** Where somebody is in a text. */
export interface CursorView { who: string; device: string; person: string; cursor: [number, number] | null }
export interface Cursors { cursors: CursorView[]; version: number }

export interface AskDocumentHistory { document: string }
export interface DocumentChange { who: string; at: Time; added: number; removed: number; excerpt: string; change: string }
export interface DocumentHistory { changes: DocumentChange[] }
export interface RestoreDocument { document: string; change: string }
export interface RemoveDocument { document: string }
export interface BringBack { document: string }

export interface AskWhatsNew { web?: string | null; limit?: number | null }
/** Something new. */
export interface NewView { kind: string; title: string; what: string; who: string; web: string; at: Time; path: string; link: string }
export interface WhatsNew { news: NewView[] }

export interface OpenSite { site: string }
export interface PageLink { link: string }

export interface AskComponent { link: string; part?: string | null; first_row?: number; rows?: number | null; within?: string[] }

/** A table, or a part of one. */
export interface TableView {
  sheet: string
  sheets: string[]
  columns: string[]
  rows: string[][]
  first_row: number
  rows_total: number
  has_header: boolean
}

/** What a link leads to, ready to be shown. */
export interface Component {
  target: LinkView
  /** `table`, `html`, `text`, `picture`, `pdf`, `video`, `audio`, `hits`, `document`, `person`, `folder`, `file` or `nothing`. */
  show: string
  why: string
  html: string
  text: string
  first_line: number
  table: TableView | null
  hits: Hit[]
  components: ComponentView[]
  pages: number | null
}

export type DocumentFormat = 'html' | 'markdown' | 'docx' | 'pdf'
export interface ExportDocument { document: string; to: string; format?: DocumentFormat | null }
export interface ExportedDocument { file: string; size: Bytes; sources: number; missing: string[] }

interface Operations {
  'pages.link': { arguments: MakeLink; answer: LinkView }
  'pages.resolve': { arguments: Resolve; answer: LinkView }
  'pages.backlinks': { arguments: AskBacklinks; answer: Backlinks }
  'pages.publish': { arguments: Publish; answer: SiteView }
  'pages.sites': { arguments: AskSites; answer: Sites }
  'pages.unpublish': { arguments: Unpublish; answer: SiteView }
  'pages.versions': { arguments: AskVersions; answer: Versions }
  'pages.new': { arguments: NewDocument; answer: DocumentRow }
  'pages.documents': { arguments: AskDocuments; answer: Documents }
  'pages.document': { arguments: AskDocument; answer: Document }
  'pages.edit': { arguments: Edit; answer: Edited }
  'pages.changes': { arguments: AskChanges; answer: Changes }
  'pages.here': { arguments: Here; answer: Cursors }
  'pages.document_history': { arguments: AskDocumentHistory; answer: DocumentHistory }
  'pages.restore': { arguments: RestoreDocument; answer: Edited }
  'pages.remove': { arguments: RemoveDocument; answer: DocumentRow }
  'pages.bring_back': { arguments: BringBack; answer: DocumentRow }
  'pages.news': { arguments: AskWhatsNew; answer: WhatsNew }
  'host.open_site': { arguments: OpenSite; answer: PageLink }
  'host.component': { arguments: AskComponent; answer: Component }
  'host.export_document': { arguments: ExportDocument; answer: ExportedDocument }
}
export type PageOperation = keyof Operations

/** Asks one operation of pages; see lib/call.ts. */
export const call = ask as unknown as <Name extends PageOperation>(
  name: Name, given: Operations[Name]['arguments'], signal?: AbortSignal,
) => Promise<Operations[Name]['answer']>
