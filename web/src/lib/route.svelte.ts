// Where the person is: kept behind the # of the address, so that a reload or a copied address comes back here.
import { decode, encode } from './paths.ts'

export type Section = 'files' | 'people' | 'news' | 'transfers' | 'search' | 'computers' | 'documents' | 'document' | 'go' | 'site' | 'jobs' | 'job' | 'tunnels' | 'rooms' | 'room' | 'mail' | 'inbox' | 'guard' | 'agents'

class Route {
  section = $state<Section>('files')
  /** A path of the tree for files; what is looked for in a search; a web's name, or nothing, elsewhere. */
  path = $state('')
  /** Whether the path's file is shown instead of listed. */
  isOpen = $state(false)
  revision = $state<number | undefined>(undefined)
  /** The address as it stands, for links, which are not for this page to take apart. */
  hash = $state('')
  /** The web of the document or the conversation shown, as soon as it is known. */
  web = $state('')
  /** What stands behind `?`, for sections that keep more there. */
  options = $state.raw(new URLSearchParams())

  read(): void {
    this.hash = location.hash
    const [place = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
    const [section, ...rest] = place.split('/')
    const options = new URLSearchParams(query)
    this.section = isSection(section) ? section : 'files'
    this.path = decode(rest.join('/'))
    this.options = options
    this.isOpen = options.has('open')
    const revision = Number(options.get('revision'))
    this.revision = revision > 0 ? revision : undefined
  }
}

export const route = new Route()

export interface Goal {
  isOpen?: boolean
  revision?: number | undefined
}

/** The address of a place, for links. */
export function address(section: Section, path = '', { isOpen = false, revision }: Goal = {}): string {
  const options = [isOpen ? 'open' : '', revision ? `revision=${revision}` : ''].filter((part) => part !== '')
  const tail = path === '' ? '' : `/${encode(path)}`
  return `#/${section}${tail}${options.length ? `?${options.join('&')}` : ''}`
}

/** Goes to a place. */
export function go(section: Section, path = '', goal: Goal = {}): void {
  location.hash = address(section, path, goal)
}

/** The web the person is in; empty for all webs. */
export function currentWeb(): string {
  if (route.section === 'search') return route.options.get('web') ?? route.options.get('below')?.split('/')[0] ?? ''
  if (route.section === 'document' || route.section === 'room') return route.web
  return PLACELESS.includes(route.section) ? '' : (route.path.split('/')[0] ?? '')
}

/** Sections whose path does not begin with a web. */
const PLACELESS: readonly Section[] = ['transfers', 'go', 'site', 'job', 'mail', 'inbox']

/** The address of a section, in the web the person is in where the section is about one. */
export function sectionAddress(section: Section): string {
  return address(section, section === 'transfers' || section === 'search' || section === 'mail' || section === 'inbox' ? '' : currentWeb())
}

const SECTIONS: readonly string[] = ['files', 'people', 'news', 'transfers', 'search', 'computers', 'documents', 'document', 'go', 'site', 'jobs', 'job', 'tunnels', 'rooms', 'room', 'mail', 'inbox', 'guard', 'agents'] satisfies Section[]

function isSection(text: string | undefined): text is Section {
  return text !== undefined && SECTIONS.includes(text)
}
