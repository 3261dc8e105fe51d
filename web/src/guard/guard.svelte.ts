// What is held and warned of, and how well this computer is protected; kept fresh by events. The rail needs it, so it is small.
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { desk } from '../lib/desk.svelte.ts'
import { news } from '../lib/events.svelte.ts'
import { isolated } from '../lib/names.ts'
import { oneByOne } from '../lib/one-by-one.ts'
import { address } from '../lib/route.svelte.ts'
import { t } from '../lib/strings.ts'
import type { Event, Fault, GuardView, Suspect } from '../lib/views.ts'
import { isShut, keyOf } from './shown.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 300
/** How far apart looks are while files wait to be looked through and somebody watches. */
const WAIT_MS = 2_000
const SEEN_KEY = 'althing.guard.seen'

class Guard {
  /** All that anything was ever said of, the worst first. */
  all = $state.raw<Suspect[]>([])
  status = $state.raw<GuardView | null>(null)
  isRead = $state(false)
  fault = $state.raw<Fault | null>(null)
  /** The most files that waited since the last time none did, for how far it is. */
  most = $state(0)

  shut = $derived(this.all.filter(({ level }) => isShut(level)))
  held = $derived(this.all.filter(({ level }) => level === 'held' || level === 'quarantined').length)
  isOff = $derived(this.status?.state === 'off')
  /** Held or warned of, and not looked at yet. */
  unseen = $derived(this.shut.filter((suspect) => !this.#seen.has(keyOf(suspect))))

  #seen = $state.raw<ReadonlySet<string>>(recall())
  #places = $derived(new Map(this.all.toReversed().flatMap((suspect) => suspect.paths.map((path) => [path, suspect] as const))))
  #watchers = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #waiting: ReturnType<typeof setTimeout> | undefined

  /** Reads all and follows; returns the way to stop. */
  begin(): () => void {
    untrack(() => void this.look())
    return news.listen((event) => this.#hear(event))
  }

  /** Follows closely while the page is on the screen; returns the way to stop. */
  watch(): () => void {
    this.#watchers += 1
    untrack(() => void this.look())
    return () => {
      this.#watchers -= 1
      if (this.#watchers === 0) clearTimeout(this.#waiting)
    }
  }

  look = oneByOne(async () => {
    try {
      const [{ suspects }, status] = await Promise.all([call('guard.list', { all: true }), call('guard.status', {})])
      const isFirst = !this.isRead
      const known = new Set(this.shut.map(keyOf))
      Object.assign(this, { all: suspects, fault: null, isRead: true })
      this.#take(status)
      if (!isFirst && this.#watchers === 0) this.#tell(this.shut.filter((suspect) => !known.has(keyOf(suspect))))
    } catch (error) {
      this.fault = faultOf(error)
    }
  })

  /** What is known of the file at a path of the tree: the worst, where several are there. */
  at(path: string, revision?: number): Suspect | undefined {
    return this.#places.get(revision === undefined ? path : `${path} (revision ${revision})`)
  }

  /** What is shown was looked at. */
  see(shown: readonly Suspect[]): void {
    const keys = shown.filter(({ level }) => isShut(level)).map(keyOf)
    if (keys.every((key) => this.#seen.has(key))) return
    // What is no longer there is forgotten: it may come again.
    const there = new Set(this.shut.map(keyOf))
    this.#seen = new Set([...this.#seen, ...keys].filter((key) => there.has(key)))
    keep(this.#seen)
  }

  #take(status: GuardView): void {
    this.status = status
    this.most = status.waiting === 0 ? 0 : Math.max(this.most, status.waiting)
    clearTimeout(this.#waiting)
    if (status.waiting > 0 && this.#watchers > 0) this.#waiting = setTimeout(() => void this.#lookAtWaiting(), WAIT_MS)
  }

  /** How many still wait is told by no event. */
  async #lookAtWaiting(): Promise<void> {
    try {
      this.#take(await call('guard.status', {}))
    } catch (error) {
      this.fault = faultOf(error)
    }
  }

  /** Says what was heard just now to whoever looks at something else. */
  #tell(heard: readonly Suspect[]): void {
    // Whoever warned by hand knows.
    const [first, ...more] = heard.filter(({ findings, warnings }) => findings.length > 0 || warnings.some(({ by }) => by !== 'you'))
    if (!first) return
    const link = { href: more.length === 0 ? `${address('guard')}?file=${first.content}` : address('guard'), text: t.guard.show }
    desk.say(more.length === 0 ? t.guard.heard[first.level](isolated(first.name)) : t.guard.heardMany(more.length + 1), link)
  }

  #hear({ kind }: Event): void {
    // Who is meant by a name and who protects a web hang on people.
    if (kind === 'guard.changed' || kind === 'files.braked' || (kind === 'people.changed' && this.#watchers > 0)) {
      this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, GATHER_MS)
    }
  }
}

function recall(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(SEEN_KEY) ?? '[]')
    return new Set(Array.isArray(kept) ? kept.filter((key) => typeof key === 'string') : [])
  } catch {
    return new Set()
  }
}

function keep(keys: ReadonlySet<string>): void {
  try {
    localStorage.setItem(SEEN_KEY, JSON.stringify([...keys]))
  } catch {
    // A browser that keeps nothing: what was looked at counts until the window closes.
  }
}

export const guard = new Guard()
