// Asks one thing at a time, so that answers never overtake each other.

/** Asks; whoever wishes it meanwhile gets one more, when the first is done. */
export function oneByOne(ask: () => Promise<void>): () => Promise<void> {
  let isAsking = false
  let isAgain = false
  return async () => {
    isAgain = true
    if (isAsking) return
    isAsking = true
    while (isAgain) {
      isAgain = false
      await ask()
    }
    isAsking = false
  }
}
