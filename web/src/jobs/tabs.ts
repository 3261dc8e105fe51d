// The parts of the Jobs page and their addresses.
import { address } from '../lib/route.svelte.ts'

export const TABS = ['list', 'capacity', 'people'] as const
export type Tab = (typeof TABS)[number]

export function tabOf(options: URLSearchParams): Tab {
  return TABS.find((tab) => tab === options.get('show')) ?? 'list'
}

export function tabAddress(tab: Tab, web: string): string {
  return `${address('jobs', web)}${tab === 'list' ? '' : `?show=${tab}`}`
}
