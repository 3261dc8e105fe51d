// What is being written, kept by the peer: a little after the last key, again while it cannot be kept, and at once when the page or the
// place is left.
const PAUSE_MS = 500
const AGAIN_MS = 3_000

export class Keeping {
  #timer: ReturnType<typeof setTimeout> | undefined
  #text: string
  #kept: string
  #isKeeping = false

  /**
   * @param kept is what the peer has
   * @param keep has it keep something else
   * @param last does so when nobody waits for the answer
   */
  constructor(kept: string, readonly keep: (text: string) => Promise<void>, readonly last: (text: string) => void) {
    this.#kept = kept
    this.#text = kept
  }

  write(text: string): void {
    this.#text = text
    this.#later(PAUSE_MS)
  }

  /** The place is left, or was said what was written. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isKeeping) return
    this.#isKeeping = true
    // One at a time, so that an older text never ends up over a newer one.
    while (this.#text !== this.#kept) {
      const text = this.#text
      try {
        await this.keep(text)
        this.#kept = text
      } catch {
        this.#later(AGAIN_MS)
        break
      }
    }
    this.#isKeeping = false
  }

  /** The window closes. */
  leave(): void {
    if (this.#text !== this.#kept) this.last(this.#text)
  }

  #later(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), milliseconds)
  }
}
