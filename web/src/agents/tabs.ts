// The parts of the agents page and their addresses.
import { webOf } from '../lib/paths.ts'
import { address } from '../lib/route.svelte.ts'

export const TABS = ['list', 'notices'] as const
export type Tab = (typeof TABS)[number]

export function tabOf(options: URLSearchParams): Tab {
  return TABS.find((tab) => tab === options.get('show')) ?? 'list'
}

export function tabAddress(tab: Tab, web: string): string {
  return `${address('agents', web)}${tab === 'list' ? '' : `?show=${tab}`}`
}

/** The address of one agent, named `web/name`, reached from the agents of one web or of all. */
export function agentAddress(agent: string, web: string = webOf(agent)): string {
  return `${address('agents', web)}?agent=${encodeURIComponent(agent.toWellFormed())}`
}
