// One clock for all relative times, so that they move together and cost one timer.
class Clock {
  now = $state(Date.now())
  constructor() {
    setInterval(() => (this.now = Date.now()), 15_000)
  }
}

export const clock = new Clock()
