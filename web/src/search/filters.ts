// What a search is narrowed to, and how that stands in the address, so that a reload and a copied link keep it.
import type { Find } from '../lib/api.gen.ts'

export interface Filters {
  web: string
  person: string
  /** A folder's path from the web on. */
  below: string
  /** A kind's name or an ending. */
  kind: string
  /** 0 is any time. */
  days: number
  /** Bytes; 0 is no bound. */
  min: number
  max: number
  isHere: boolean
}

export const NO_FILTERS: Filters = { web: '', person: '', below: '', kind: '', days: 0, min: 0, max: 0, isHere: false }

/** Kinds the peer knows by name. */
export const KINDS = ['folders', 'documents', 'pictures', 'audio', 'video', 'code'] as const

/** Days a peer can count: 32 bits. */
const DAYS_MAX = 4_294_967_295

/** Reads filters out of the part of the address behind `?`; what makes no sense there is no filter. */
export function filtersOf(options: URLSearchParams): Filters {
  const text = (name: string) => options.get(name) ?? ''
  const number = (name: string, most: number) => {
    const value = Number(text(name))
    return Number.isInteger(value) && value > 0 && value <= most ? value : 0
  }
  return {
    web: text('web'), person: text('person'), below: text('below'), kind: text('kind'), days: number('days', DAYS_MAX),
    min: number('min', Number.MAX_SAFE_INTEGER), max: number('max', Number.MAX_SAFE_INTEGER), isHere: options.has('here'),
  }
}

/** The address of a search. */
export function searchAddress(query: string, filters: Partial<Filters> = {}): string {
  const options = new URLSearchParams()
  for (const name of ['web', 'person', 'below', 'kind', 'days', 'min', 'max'] as const) {
    if (filters[name]) options.set(name, String(filters[name]).toWellFormed())
  }
  if (filters.isHere) options.set('here', '')
  const tail = query.trim() === '' ? '' : `/${encodeURIComponent(query.trim().toWellFormed())}`
  return `#/search${tail}${options.size ? `?${options}` : ''}`
}

/** Whether anything is narrowed. */
export function isNarrowed(filters: Filters): boolean {
  return searchAddress('', filters) !== searchAddress('')
}

/** What the peer is asked. */
export function askedOf(query: string, filters: Filters, limit: number): Find {
  const { web, person, below, kind, days, min, max, isHere } = filters
  return {
    query, limit,
    ...(web && { web }), ...(person && { person }), ...(below && { below }), ...(kind && { kind }),
    ...(days > 0 && { days }), ...(min > 0 && { size_min: min }), ...(max > 0 && { size_max: max }), ...(isHere && { here: true }),
  }
}
