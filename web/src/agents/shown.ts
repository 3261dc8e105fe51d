// Agents as a person sees them. Pure; how an agent is, is said by the peer in words.
import { t } from '../lib/strings.ts'
import type { AgentAction, AgentView, NoticeView } from '../lib/views.ts'
import type { Drawing } from '../ui/Icon.svelte'

/** A sign beside words, and how loud it is. */
export interface Sign {
  icon: Drawing
  tone: '' | 'good' | 'warn' | 'danger'
}

/** Whether it is stopped for its whole web. */
export function isStopped({ state }: Pick<AgentView, 'state'>): boolean {
  return /^stopped(?: by |: )/.test(state)
}

/** Whether it failed too often on this computer, where anybody starts it again. */
export function isHalted({ state }: Pick<AgentView, 'state'>): boolean {
  return state.startsWith('stopped here')
}

/** The sign of how an agent is; of words that are not known yet, a calm one. */
export function signOf(agent: Pick<AgentView, 'state' | 'is_working'>): Sign {
  const { state, is_working } = agent
  if (is_working) return { icon: 'here', tone: 'good' }
  if (isHalted(agent)) return { icon: 'warn', tone: 'warn' }
  if (isStopped(agent)) return { icon: 'stop', tone: '' }
  if (state.startsWith('switched off')) return { icon: 'pause', tone: '' }
  if (state.startsWith('resting')) return { icon: 'older', tone: 'warn' }
  if (state.startsWith('waiting')) return { icon: 'get', tone: '' }
  return { icon: 'away', tone: '' }
}

/** The sign of what came of a run. */
export function runSign(outcome: string): Sign {
  if (outcome === 'ran' || outcome.startsWith('tried')) return { icon: 'check', tone: 'good' }
  if (outcome.startsWith('failed')) return { icon: 'warn', tone: 'danger' }
  if (outcome.startsWith('rests')) return { icon: 'older', tone: 'warn' }
  return { icon: 'about', tone: '' }
}

/** What became of something that an agent asked for; of a trial, what would. */
export function fate({ is_done, why }: AgentAction, isTrial: boolean): { text: string; isRefused: boolean } {
  const words = t.agents.log
  if (why !== '') return { text: isTrial ? words.wouldRefuse(why) : words.refused(why), isRefused: true }
  return { text: isTrial || !is_done ? words.wouldDo : words.done, isRefused: false }
}

/** Writes processor time. */
export function cpuTime(microseconds: number): string {
  const words = t.agents.time
  if (microseconds < 1_000) return words.less
  const ms = microseconds / 1_000
  return ms < 1_000 ? words.ms(String(Math.round(ms))) : words.s((ms / 1_000).toFixed(1))
}

/** Says a capability as the peer will; what is not known yet stands as it is. */
export function lineOf(capability: string): string {
  const { lines } = t.agents
  const [word = '', ...rest] = capability.split(' ')
  const about = rest.join(' ')
  if (word === 'changes' || word === 'read' || word === 'names') return lines[word](about === '*' ? lines.anyShare : about)
  if (word === 'every') return lines.every(about)
  if (word === 'members' || word === 'guard' || word === 'facts' || word === 'notice' || word === 'warn' || word === 'hold') return lines[word]
  return capability
}

/** Until when what each agent told was looked at, by its name. */
export type Seen = Readonly<Record<string, number>>

/** What agents told and was not looked at. */
export function unseenOf(notices: readonly NoticeView[], seen: Seen): NoticeView[] {
  return notices.filter(({ agent, at }) => at > (seen[agent] ?? 0))
}

/** What was looked at after these were, too; agents that tell nothing any more are forgotten. */
export function seenWith(seen: Seen, shown: readonly NoticeView[], all: readonly NoticeView[]): Seen {
  const next: Record<string, number> = {}
  for (const { agent } of all) next[agent] = seen[agent] ?? 0
  for (const { agent, at } of shown) next[agent] = Math.max(next[agent] ?? 0, at)
  return next
}
