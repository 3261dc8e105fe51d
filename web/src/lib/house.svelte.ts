// What the whole page stands on: who I am, my webs, the status, transfers and shares; kept fresh by events.
import { untrack } from 'svelte'
import { call, faultOf } from './call.ts'
import { news } from './events.svelte.ts'
import type { Event, Fault, InvitedView, Me, MemberView, ShareView, Status, TransferView, WebView } from './views.ts'

/** Milliseconds between looks at what has no event: speeds, free disk. */
const LOOK_MS = 1_000
const SLOW_LOOK_MS = 10_000
/** Events that come closer than this are answered by one look. */
const GATHER_MS = 250

class House {
  me = $state.raw<Me | null>(null)
  webs = $state.raw<WebView[]>([])
  status = $state.raw<Status | null>(null)
  transfers = $state.raw<TransferView[]>([])
  shares = $state.raw<ShareView[]>([])
  /** Members by the web's label; filled when first needed. */
  members = $state.raw<Record<string, MemberView[]>>({})
  /** Webs to which people I know invite me. */
  invited = $state.raw<InvitedView[]>([])
  isReady = $state(false)
  fault = $state.raw<Fault | null>(null)

  active = $derived(this.transfers.filter((transfer) => !transfer.is_over))
  reading = $derived(this.shares.filter((share) => share.state === 'reading' || share.hashed < share.files))

  #timer: ReturnType<typeof setTimeout> | undefined
  #gathering = false

  /** Reads everything once, then follows the events. */
  async begin(): Promise<void> {
    await this.look()
    if (!this.status) {
      this.#timer = setTimeout(() => this.begin(), LOOK_MS * 2)
      return
    }
    news.onrenewed = () => void this.look()
    void news.follow(this.status.last_event)
    news.listen((event) => this.#hear(event))
    this.#again()
  }

  /** Goes on after the session had ended and a new one was opened in this window. */
  async goOn(): Promise<void> {
    await this.look()
    if (this.status) void news.follow(this.status.last_event)
  }

  /** Reads everything again. */
  async look(): Promise<void> {
    try {
      const [me, { webs }, status, { transfers }, { shares }, { invited }] = await Promise.all([
        call('people.me', {}), call('people.webs', {}), call('host.status', {}),
        call('files.transfers', {}), call('files.shares', {}), call('people.invited', {}),
      ])
      Object.assign(this, { me, invited, webs, status, transfers, shares, fault: null, isReady: true })
      await Promise.all(Object.keys(this.members).map((web) => this.lookAtMembers(web)))
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  /** Reads the people of a web; keeps what was known when that fails. */
  async lookAtMembers(web: string): Promise<void> {
    try {
      const { members } = await call('people.members', { web })
      this.members = { ...this.members, [web]: members }
    } catch {
      // A web that was left has no members to show; everything else is said where people are shown.
    }
  }

  /** The id behind a label in a web, for marks; the label itself while unknown. */
  personId(web: string, label: string): string {
    if (label === 'you') return this.me?.person ?? label
    return this.members[web]?.find((member) => member.name === label)?.id ?? label
  }

  web(name: string): WebView | undefined {
    return this.webs.find((web) => web.name === name)
  }

  #hear(event: Event): void {
    // These events carry the whole thing: shown at once, without asking.
    if (event.kind === 'files.transfer') this.transfers = put(this.transfers, event.about)
    if (event.kind === 'files.share') this.shares = put(this.shares, event.about)
    // Computing, tunnels, talk, the guard and agents tell of themselves (work.svelte.ts, tunnels.svelte.ts, talk.svelte.ts, guard.svelte.ts, agents.svelte.ts); nothing here hangs on it.
    if (!/^(compute|tunnels|talk|mail|guard|agents)\./.test(event.kind)) this.#gather(event.kind)
  }

  #gather(kind: string): void {
    if (this.#gathering) return
    this.#gathering = true
    setTimeout(() => {
      this.#gathering = false
      void (kind.startsWith('files.') ? this.#lookAtWork() : this.look())
    }, GATHER_MS)
  }

  #again(): void {
    const isBusy = this.active.length > 0 || this.reading.length > 0
    this.#timer = setTimeout(async () => {
      if (document.visibilityState === 'visible') await this.#lookAtWork()
      this.#again()
    }, isBusy ? LOOK_MS : SLOW_LOOK_MS)
  }

  async #lookAtWork(): Promise<void> {
    try {
      const [status, { transfers }, { shares }] = await Promise.all([
        call('host.status', {}), call('files.transfers', {}), call('files.shares', {}),
      ])
      Object.assign(this, { status, transfers, shares })
    } catch {
      // The connection banner says so.
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

export const house = new House()

/** Puts a thing an event told of in the place of the one with the same id; a new one goes first. */
function put<Thing extends { id: string }>(things: Thing[], about: unknown): Thing[] {
  const thing = about as Thing
  if (typeof thing?.id !== 'string') return things
  const isKnown = things.some(({ id }) => id === thing.id)
  return isKnown ? things.map((known) => (known.id === thing.id ? thing : known)) : [thing, ...things]
}

/** Whether this computer can read a web: it belongs to a member of it and does not only carry for it. */
export function canRead(web: WebView | undefined): boolean {
  return web?.role != null && web.role !== 'carrier'
}

/** Whether what this person writes in a web is shown: a guest's is not. */
export function canWrite(web: WebView | undefined): boolean {
  return canRead(web) && web?.role !== 'guest'
}

/** Whether this person decides for a web. */
export function isAdmin(web: WebView | undefined): boolean {
  return web?.role === 'admin' || web?.role === 'owner'
}

/** Looks at the people of a web once; later events keep them fresh. */
export function needMembers(web: string): void {
  // Not tracked: who asks must not be run again when the people arrive.
  untrack(() => {
    if (web !== '' && !house.members[web]) void house.lookAtMembers(web)
  })
}
