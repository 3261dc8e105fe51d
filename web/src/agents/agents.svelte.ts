// Agents of my webs, whether they run here, and what they told me; kept fresh by events. The rail needs it, so it is small.
// Not for: the log of one agent (RunLog.svelte).
import { untrack } from 'svelte'
import { attempt } from '../lib/acts.ts'
import { call, faultOf } from '../lib/call.ts'
import { desk } from '../lib/desk.svelte.ts'
import { news } from '../lib/events.svelte.ts'
import { isolated, plain } from '../lib/names.ts'
import { oneByOne } from '../lib/one-by-one.ts'
import { last, webOf } from '../lib/paths.ts'
import { route } from '../lib/route.svelte.ts'
import { t } from '../lib/strings.ts'
import type { Agents as Answer, AgentView, Event, Fault, NoticeView } from '../lib/views.ts'
import { seenWith, unseenOf, type Seen } from './shown.ts'
import { tabAddress } from './tabs.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 300
const SEEN_KEY = 'althing.agents.seen'

class Agents {
  all = $state.raw<AgentView[]>([])
  state = $state<Answer['state']>('on')
  /** What agents told, newest first. */
  notices = $state.raw<NoticeView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)

  #seen = $state.raw<Seen>(recall())
  isOff = $derived(this.state === 'off')
  /** Told, and not looked at yet. */
  unseen = $derived(unseenOf(this.notices, this.#seen))

  #timer: ReturnType<typeof setTimeout> | undefined

  /** Reads all and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen((event) => this.#hear(event))
  }

  look = oneByOne(async () => {
    try {
      const [{ agents, state }, { notices }] = await Promise.all([call('agents.list', {}), call('agents.notices', {})])
      Object.assign(this, { all: agents, state, notices, fault: null, isRead: true })
    } catch (error) {
      this.fault = faultOf(error)
    }
  })

  /** Switches all agents of this computer on or off, or one. */
  switch(state: Answer['state'], name?: string): Promise<boolean> {
    return attempt(async () => {
      const { agents, state: now } = await call('agents.switch', { state, ...(name === undefined ? {} : { name }) })
      Object.assign(this, { all: agents, state: now })
      // On its own page the switch says it.
      if (route.section === 'agents') return
      const words = t.agents
      if (name === undefined) desk.say(state === 'on' ? words.switchedOn : words.switchedOff)
      else desk.say((state === 'on' ? words.hereOn : words.hereOff)(isolated(last(name))))
    })
  }

  switchAll(): Promise<boolean> {
    return this.switch(this.isOff ? 'on' : 'off')
  }

  /** What is shown was looked at. */
  see(shown: readonly NoticeView[]): void {
    if (unseenOf(shown, this.#seen).length === 0) return
    this.#seen = seenWith(this.#seen, shown, this.notices)
    keep(this.#seen)
  }

  #hear({ kind, about }: Event): void {
    if (!/^agents\./.test(kind) && !(kind === 'people.changed' && route.section === 'agents')) return
    if (kind === 'agents.notice' && route.section !== 'agents' && route.section !== 'inbox') tell(about)
    this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, GATHER_MS)
  }
}

/** Says what an agent told just now to whoever looks at something else. */
function tell(about: unknown): void {
  const { agent, title } = (about ?? {}) as { agent?: unknown; title?: unknown }
  if (typeof agent !== 'string' || typeof title !== 'string') return
  desk.say(t.agents.notices.told(isolated(last(agent)), plain(title)), { href: tabAddress('notices', webOf(agent)), text: t.agents.show })
}

function recall(): Seen {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(SEEN_KEY) ?? '{}')
    const entries = kept !== null && typeof kept === 'object' ? Object.entries(kept) : []
    return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return {}
  }
}

function keep(seen: Seen): void {
  try {
    localStorage.setItem(SEEN_KEY, JSON.stringify(seen))
  } catch {
    // A browser that keeps nothing: what was looked at counts until the window closes.
  }
}

export const agents = new Agents()
