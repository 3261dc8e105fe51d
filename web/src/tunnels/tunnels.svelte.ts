// Which tunnels there are, and who used those of this computer; kept fresh by events. The rail needs it, so it is small.
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import { oneByOne } from '../lib/one-by-one.ts'
import type { Event, Fault, TunnelUse, TunnelView } from '../lib/views.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 300
/** Where the list is not seen, only the section's being there hangs on it. */
const UNSEEN_MS = 3_000

/** How a tunnel gets on that is open here, as far as this window has heard. */
export interface Going {
  connections: number
  /** Why the last connection came to nothing; empty when it did not. */
  trouble: string
}

class Tunnels {
  all = $state.raw<TunnelView[]>([])
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** Newest first; nothing until somebody looks. */
  uses = $state.raw<TunnelUse[] | null>(null)
  usesFault = $state.raw<Fault | null>(null)

  mine = $derived(this.all.filter(({ is_offered_here }) => is_offered_here))
  theirs = $derived(this.all.filter(({ is_offered_here }) => !is_offered_here))

  #going = $state.raw<Partial<Record<string, Going>>>({})
  #isSeen = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #usesTimer: ReturnType<typeof setTimeout> | undefined

  /** Reads the list and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen((event) => this.#hear(event))
  }

  /** Follows closely, with who used what, while the page is on the screen; returns the way to stop. */
  watch(): () => void {
    this.#isSeen = true
    untrack(() => { void this.look(); void this.lookAtUses() })
    return () => { this.#isSeen = false }
  }

  look = oneByOne(async () => {
    try {
      const { tunnels } = await call('tunnels.list', {})
      Object.assign(this, { all: tunnels, fault: null, isRead: true })
    } catch (error) {
      this.fault = faultOf(error)
    }
  })

  lookAtUses = oneByOne(async () => {
    try {
      const { uses } = await call('tunnels.log', {})
      Object.assign(this, { uses, usesFault: null })
    } catch (error) {
      this.usesFault = faultOf(error)
    }
  })

  /** How an open tunnel gets on. */
  going({ tunnel, is_open }: TunnelView): Going | undefined {
    return is_open ? this.#going[tunnel] : undefined
  }

  #hear({ kind, about }: Event): void {
    if (kind === 'tunnels.open') this.#keep(about)
    // Who may use what hangs on roles and names, and whether its computer is there on connections.
    if (/^tunnels\.(changed|open)$|^records\.(connected|disconnected)$|^people\.changed$/.test(kind)) this.#timer ??= this.#soon(() => { this.#timer = undefined; void this.look() })
    if (kind === 'tunnels.used' && this.#isSeen) this.#usesTimer ??= this.#soon(() => { this.#usesTimer = undefined; void this.lookAtUses() })
  }

  #keep(about: unknown): void {
    const { tunnel, connections, trouble } = (about ?? {}) as Partial<Record<string, unknown>>
    // Empty when nobody goes by a name any more who offered it.
    if (typeof tunnel !== 'string' || tunnel === '') return
    this.#going = { ...this.#going, [tunnel]: { connections: Number(connections) || 0, trouble: typeof trouble === 'string' ? trouble : '' } }
  }

  #soon(look: () => void): ReturnType<typeof setTimeout> {
    return setTimeout(look, this.#isSeen ? GATHER_MS : UNSEEN_MS)
  }
}

export const tunnels = new Tunnels()
