// What components showed last and how high they were, so that a component drawn anew stands there at once.
import type { Event } from '../lib/views.ts'
import type { Component } from './api.ts'
import { isWithin } from '../lib/paths.ts'
import { documentOf } from './link.ts'

const KEPT_MAX = 200

const shown = new Map<string, Component>()
const heights = new Map<string, number>()

function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next().value
  if (map.size > KEPT_MAX && oldest !== undefined) map.delete(oldest)
}

export const lastShown = (key: string): Component | null => shown.get(key) ?? null
export const keepShown = (key: string, component: Component): void => put(shown, key, component)
export const lastHeight = (key: string): number => heights.get(key) ?? 0
export const keepHeight = (key: string, height: number): void => put(heights, key, height)

/** Whether an event may have changed what a component shows. */
export function concerns(event: Event, link: string, component: Component | null): boolean {
  const about = (event.about ?? {}) as { document?: unknown; share?: unknown; paths?: unknown; entries?: unknown }
  if (event.kind === 'pages.edited') return typeof about.document === 'string' && about.document === documentOf(link)
  if (event.kind.startsWith('people.')) return true
  if (event.kind === 'files.share') return true
  if (event.kind !== 'files.changed') return false
  const path = component?.target.path ?? ''
  // A document within is told of by its own events; what was not there may be there now; a query may find anything.
  if (component && component.target.kind === 'document') return false
  if (path === '' || component?.target.kind === 'query') return true
  if (typeof about.share !== 'string' || !Array.isArray(about.paths)) return false
  const isAllNamed = about.entries === about.paths.length
  return isAllNamed ? about.paths.some((each) => each === path || (typeof each === 'string' && isWithin(each, path))) : isWithin(path, about.share)
}
