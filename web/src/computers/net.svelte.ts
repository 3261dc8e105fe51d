// The computers of my webs and how they are connected, looked at again and again while somebody looks. There is no
// event for round trips and speeds, so they are asked for; a window that is not seen asks for nothing.
import { call, faultOf } from '../lib/call.ts'
import { news } from '../lib/events.svelte.ts'
import type { Fault, Net } from '../lib/views.ts'

/** Milliseconds between two looks: numbers that move faster can't be read. */
const LOOK_MS = 3_000
/** Events that come closer than this are answered by one look. */
const GATHER_MS = 250

class NetNow {
  net = $state.raw<Net | null>(null)
  fault = $state.raw<Fault | null>(null)

  #web = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSoon = false
  #watchers = 0
  #asked = 0
  #stop: AbortController | null = null

  /** Keeps what is shown fresh, for one web or, with an empty name, for all; returns the way to stop. */
  watch(web: string): () => void {
    this.#web = web
    this.#watchers += 1
    const look = () => void this.look()
    const onvisible = () => { if (document.visibilityState === 'visible') look() }
    const unlisten = news.listen((event) => { if (!/^(files|compute|tunnels)\./.test(event.kind)) this.#soon() })
    document.addEventListener('visibilitychange', onvisible)
    look()
    return () => {
      this.#watchers -= 1
      unlisten()
      document.removeEventListener('visibilitychange', onvisible)
      if (this.#watchers > 0) return
      clearTimeout(this.#timer)
      this.#isSoon = false
      this.#stop?.abort()
    }
  }

  /** Looks at once. An answer that a later question has overtaken is dropped. */
  async look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#isSoon = false
    const asked = (this.#asked += 1)
    this.#stop?.abort()
    const stop = new AbortController()
    this.#stop = stop
    try {
      const net = await call('host.net', this.#web === '' ? {} : { web: this.#web }, stop.signal)
      if (asked === this.#asked) Object.assign(this, { net, fault: null })
    } catch (error) {
      if (asked === this.#asked && !stop.signal.aborted) this.fault = faultOf(error)
    }
    if (asked === this.#asked && !this.#isSoon) this.#again(LOOK_MS)
  }

  /** Looks after an event; events that come close together are answered by one look. */
  #soon(): void {
    if (this.#isSoon) return
    this.#isSoon = true
    this.#again(GATHER_MS)
  }

  #again(milliseconds: number): void {
    if (this.#watchers === 0) return
    clearTimeout(this.#timer)
    // Not seen: nothing is asked, and the window's coming back looks at once.
    this.#timer = setTimeout(() => { if (document.visibilityState === 'visible') void this.look() }, milliseconds)
  }
}

export const netNow = new NetNow()
