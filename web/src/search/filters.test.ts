import { describe, expect, it } from 'vitest'
import { decode } from '../lib/paths.ts'
import { askedOf, filtersOf, isNarrowed, NO_FILTERS, searchAddress, type Filters } from './filters.ts'

/** Reads an address as the page does. */
function read(address: string): { query: string; filters: Filters } {
  const [place = '', options = ''] = address.replace(/^#\/?/, '').split('?')
  return { query: decode(place.split('/').slice(1).join('/')), filters: filtersOf(new URLSearchParams(options)) }
}

const some = (more: Partial<Filters>): Filters => ({ ...NO_FILTERS, ...more })

describe('filters of a search', () => {
  it('come back from the address as they went in', () => {
    for (const filters of [
      NO_FILTERS, some({ kind: 'pdf' }), some({ web: 'a&b=c?d#e', person: 'Zoë ~2f' }), some({ below: 'family/Alice/odd names/50 %' }),
      some({ days: 7, min: 1_000_000, max: 100_000_000, isHere: true }), some({ below: 'x/+/y', isHere: true }),
    ]) {
      expect(read(searchAddress('road', filters)).filters).toEqual(filters)
    }
  })

  it('stand beside any query', () => {
    for (const query of ['road', 'Q4 "road map"', 'a/b', 'what? #1 & 50 %', '%2e%2e%2f', 'مستند', '🌳', '?', '/x', '>']) {
      const back = read(searchAddress(query, some({ kind: 'pdf' })))
      expect(back.query).toBe(query)
      expect(back.filters.kind).toBe('pdf')
    }
    expect(searchAddress('  ')).toBe('#/search')
    expect(() => searchAddress('\ud800', { web: '\udc00' })).not.toThrow()
  })

  it('that make no sense are none', () => {
    for (const options of ['days=x', 'days=-1', 'days=0', 'days=1.5', 'days=99999999999', 'min=-2', 'max=Infinity', 'min=1e400', 'nonsense']) {
      expect(filtersOf(new URLSearchParams(options))).toEqual(NO_FILTERS)
    }
  })

  it('are asked only where they narrow', () => {
    expect(askedOf('road', NO_FILTERS, 200)).toEqual({ query: 'road', limit: 200 })
    expect(askedOf('road', some({ days: 7, isHere: true, max: 5 }), 9)).toEqual({ query: 'road', limit: 9, days: 7, here: true, size_max: 5 })
    expect(isNarrowed(NO_FILTERS)).toBe(false)
    expect(isNarrowed(some({ isHere: true }))).toBe(true)
  })
})
