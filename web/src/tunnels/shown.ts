// What is known of a tunnel, as a person sees it. Pure; words of its state come from the peer.
import { t } from '../lib/strings.ts'
import type { TunnelUse, TunnelView } from '../lib/views.ts'
import type { Drawing } from '../ui/Icon.svelte'

/** A state's sign, and how loud it is. */
export interface Sign {
  icon: Drawing
  tone: '' | 'good' | 'warn'
}

export function signOf({ is_offered, is_open, is_reachable }: TunnelView): Sign {
  if (!is_offered) return { icon: 'close', tone: 'warn' }
  if (!is_reachable) return { icon: 'away', tone: is_open ? 'warn' : '' }
  return is_open ? { icon: 'here', tone: 'good' } : { icon: 'apart', tone: '' }
}

/** The port of an address, as in `127.0.0.1:5432`; empty when there is none. */
export function portOf(address: string): string {
  return /:(\d{1,5})$/.exec(address)?.[1] ?? ''
}

/** Ports at which pages are usually found; https, as at 8443, would not answer a link to http. */
function isPagePort(port: number): boolean {
  return [80, 631, 3000, 5000, 5173, 7860].includes(port) || (port >= 8000 && port <= 8999 && port !== 8443)
}

/**
 * Where a browser finds an open tunnel that looks like a page: by its port, which says nothing when a free one was
 * taken, or by the words of its name and note. A guess: it only decides whether a link is offered.
 */
export function pageAddress({ address, name, note, is_open, is_offered }: TunnelView): string | null {
  const port = portOf(address)
  if (!is_open || !is_offered || port === '') return null
  const words = `${name} ${note}`.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  const isPage = isPagePort(Number(port)) || words.some((word) => t.tunnels.pageWords.includes(word))
  return isPage ? `http://${address}/` : null
}

/** Uses that the peer tells at most. */
export const USES_MAX = 1_000

/** The newest use of a tunnel that came through. */
export function lastUse(uses: readonly TunnelUse[], { web, name }: TunnelView): TunnelUse | undefined {
  return uses.find((use) => use.web === web && use.name === name && use.connections > 0)
}
