// Where in this page a thing is that a link leads to.
import { address } from '../lib/route.svelte.ts'
import { searchAddress } from '../search/filters.ts'
import type { LinkView } from './api.ts'
import { documentOf } from './link.ts'

/** The place of a thing; empty when there is nothing to go to. */
export function placeOf(target: LinkView): string {
  if (target.state === 'denied' || target.state === 'missing') return ''
  const { kind, path, link } = target
  if (kind === 'document') return documentOf(link) === '' ? '' : address('document', documentOf(link))
  if (kind === 'query') return searchAddress(target.query ?? '', { web: target.web })
  if (kind === 'web') return address('files', path || target.web)
  if (kind === 'file' || kind === 'content') {
    if (path === '') return ''
    const isOld = target.state === 'pinned' && target.revision !== null
    return address('files', path, { isOpen: true, ...(isOld ? { revision: target.revision ?? undefined } : {}) })
  }
  return path === '' ? '' : address('files', path)
}
