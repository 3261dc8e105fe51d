// What this computer does for others, and what jobs there are; kept fresh by events. The rail and the status line need
// it, so it is small. Not for: one job in full (job.svelte.ts).
import { untrack } from 'svelte'
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import type { ComputeHere, Fault, JobLine } from '../lib/views.ts'

/** Events that come closer than this are answered by one look. */
const GATHER_MS = 400
/** Where the list is not seen, only a number hangs on it. */
const UNSEEN_MS = 3_000

class Work {
  here = $state.raw<ComputeHere | null>(null)
  hereFault = $state.raw<Fault | null>(null)
  jobs = $state.raw<JobLine[]>([])
  fault = $state.raw<Fault | null>(null)
  isRead = $state(false)
  /** Whether jobs of others are asked for, too. */
  isAll = $state(false)
  /** Whether the list is on the screen. */
  isSeen = false

  own = $derived(this.jobs.filter(({ owner }) => owner === 'you'))
  others = $derived(this.jobs.filter(({ owner }) => owner !== 'you'))
  /** My jobs that go on. */
  active = $derived(this.own.filter(({ state }) => state === 'running' || state === 'gathering' || state === 'saving'))

  #timer: ReturnType<typeof setTimeout> | undefined
  #hereTimer: ReturnType<typeof setTimeout> | undefined
  #isLooking = false
  #isAgain = false

  /** Reads all and follows; returns the way to stop. */
  begin(): () => void {
    // Not tracked: what is asked for must not begin it again.
    untrack(() => { void this.look(); void this.lookHere() })
    return news.listen(({ kind }) => {
      if (kind === 'compute.changed') this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.look() }, this.isSeen ? GATHER_MS : UNSEEN_MS)
      if (kind === 'compute.here') this.#hereTimer ??= setTimeout(() => { this.#hereTimer = undefined; void this.lookHere() }, GATHER_MS)
    })
  }

  /** Reads the list; a look that is under way is followed by one more, so that answers never overtake each other. */
  async look(): Promise<void> {
    this.#isAgain = true
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#isAgain) {
      this.#isAgain = false
      try {
        const { jobs } = await call('compute.jobs', this.isAll ? { all: true } : {})
        Object.assign(this, { jobs, fault: null, isRead: true })
      } catch (error) {
        this.fault = faultOf(error)
      }
    }
    this.#isLooking = false
  }

  async lookHere(): Promise<void> {
    try {
      Object.assign(this, { here: await call('compute.here', {}), hereFault: null })
    } catch (error) {
      this.hereFault = faultOf(error)
    }
  }

  setAll(isAll: boolean): void {
    this.isAll = isAll
    void this.look()
  }
}

export const work = new Work()
