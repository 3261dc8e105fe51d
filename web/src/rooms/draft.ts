// What was begun to be written, kept by the peer: a little after the last key, again while it cannot be kept, and at once
// when the page or the conversation is left.
import { call, tellLast } from '../lib/call.ts'

const PAUSE_MS = 500
const AGAIN_MS = 3_000

export class Draft {
  #timer: ReturnType<typeof setTimeout> | undefined
  #text = ''
  #kept: string
  #isKeeping = false

  /** @param onkept is told what is kept, and whether it follows to other computers */
  constructor(readonly room: string, kept: string, readonly onkept: (text: string, follows: boolean) => void) {
    this.#kept = kept
    this.#text = kept
  }

  write(text: string): void {
    this.#text = text
    this.#later(PAUSE_MS)
  }

  /** The conversation is left, or was said what was written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isKeeping) return
    this.#isKeeping = true
    // One at a time, so that an older text never ends up over a newer one.
    while (this.#text !== this.#kept) {
      const text = this.#text
      try {
        const { follows } = await call('talk.draft', { room: this.room, text })
        this.#kept = text
        this.onkept(text, follows)
      } catch {
        this.#later(AGAIN_MS)
        break
      }
    }
    this.#isKeeping = false
  }

  /** The window closes: nobody waits for the answer. */
  leave(): void {
    if (this.#text !== this.#kept) tellLast('talk.draft', { room: this.room, text: this.#text })
  }

  #later(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), milliseconds)
  }
}
