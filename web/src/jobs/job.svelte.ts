// One job in full while it is looked at, and what a person can do with it.
import { call, faultOf } from '../lib/call.ts'
import { desk } from '../lib/desk.svelte.ts'
import { news } from '../lib/events.svelte.ts'
import type { Event, Fault, JobView } from '../lib/views.ts'
import { work } from './work.svelte.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 300
/** Speed and time left grow old without an event: the peer counts by spans of five seconds. */
const SPAN_MS = 5_000

export class JobNow {
  job = $state.raw<JobView | null>(null)
  fault = $state.raw<Fault | null>(null)
  isBusy = $state(false)

  #id: string
  #timer: ReturnType<typeof setTimeout> | undefined
  #stop = new AbortController()
  #acts = 0
  #isLooking = false
  /** Whether something happened while it was looked at: then what comes is old already. */
  #isAgain = false

  constructor(id: string) {
    this.#id = id
  }

  /** Keeps it fresh; returns the way to stop. */
  watch(): () => void {
    const stop = new AbortController()
    this.#stop = stop
    const unlisten = news.listen((event) => { if (this.#isMine(event)) this.#soon() })
    const slow = setInterval(() => { if (document.visibilityState === 'visible' && this.job?.state === 'running') this.#soon() }, SPAN_MS)
    void this.look()
    return () => {
      unlisten()
      clearInterval(slow)
      clearTimeout(this.#timer)
      stop.abort()
    }
  }

  /** Looks at once; a look that is under way is followed by one more, so that answers never overtake each other. */
  async look(): Promise<void> {
    this.#isAgain = true
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#isAgain) {
      this.#isAgain = false
      await this.#lookOnce(this.#stop.signal)
    }
    this.#isLooking = false
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    const acts = this.#acts
    try {
      const job = await call('compute.job', { id: this.#id }, signal)
      // What was asked for before an act tells of the time before it.
      if (acts === this.#acts) Object.assign(this, { job, fault: null })
    } catch (error) {
      if (!signal.aborted) this.fault = faultOf(error)
    }
  }

  pause = () => this.#act(() => call('compute.pause', { id: this.#id }))
  resume = () => this.#act(() => call('compute.resume', { id: this.#id }))
  setPriority = (priority: number) => this.#act(() => call('compute.priority', { id: this.#id, priority }))

  async #act(act: () => Promise<JobView>): Promise<void> {
    this.isBusy = true
    try {
      const job = await act()
      this.#acts += 1
      this.job = job
      void work.look()
    } catch (error) {
      desk.complain(faultOf(error))
    }
    this.isBusy = false
  }

  #isMine({ kind, about }: Event): boolean {
    if (kind !== 'compute.changed') return false
    const { id } = (about ?? {}) as { id?: unknown }
    return typeof id !== 'string' || id.startsWith(this.#id) || id === this.job?.id
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, GATHER_MS)
  }
}
