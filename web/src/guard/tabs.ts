// The parts of the guard page and their addresses.
import { address } from '../lib/route.svelte.ts'

export const TABS = ['files', 'computers', 'rules', 'history'] as const
export type Tab = (typeof TABS)[number]

export function tabOf(options: URLSearchParams): Tab {
  return TABS.find((tab) => tab === options.get('show')) ?? 'files'
}

export function tabAddress(tab: Tab, web: string): string {
  return `${address('guard', web)}${tab === 'files' ? '' : `?show=${tab}`}`
}

/** The address of a file of which something is known: by its content id, or by its path in the tree. */
export function fileAddress(file: string, web: string): string {
  return `${address('guard', web)}?file=${encodeURIComponent(file.toWellFormed())}`
}
