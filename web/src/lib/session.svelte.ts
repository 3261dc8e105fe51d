// The session: how this window proves to the peer that its person opened it. The token lives in this window
// only (sessionStorage); a second window asks the first one for it, over a channel only this origin can hear.

const KEY = 'althing.session'
const CHANNEL = 'althing.session'

class Session {
  token = $state<string | null>(null)
  /** `opening` until we know whether there is a session. */
  state = $state<'opening' | 'open' | 'closed'>('opening')
  /** Whether a code was there but is no longer good (used, or older than 30 seconds). */
  wasCodeRefused = $state(false)

  open(token: string): void {
    this.token = token
    this.state = 'open'
    this.wasCodeRefused = false
    sessionStorage.setItem(KEY, token)
  }

  close(): void {
    this.token = null
    this.state = 'closed'
    sessionStorage.removeItem(KEY)
  }
}

export const session = new Session()

/** Finds a session: a code in the address, this window's own, or another window's. */
export async function begin(): Promise<void> {
  const code = takeCode()
  if (code && (await exchange(code))) {
    answerOthers()
    // Windows that were shut out go on with the new session.
    answering?.postMessage({ token: session.token })
    return
  }
  const token = sessionStorage.getItem(KEY) ?? (await askOthers())
  if (token) session.open(token)
  else session.close()
  answerOthers()
}

/** Takes the one-use code out of the address, so that neither history nor a copied address holds it. */
export function takeCode(): string | null {
  const fragment = location.hash.slice(1)
  if (fragment === '' || fragment.startsWith('/')) return null
  history.replaceState(null, '', location.pathname + location.search)
  return new URLSearchParams(fragment).get('code') ?? fragment
}

async function exchange(code: string): Promise<boolean> {
  try {
    const answer = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-althing': '1' },
      body: JSON.stringify({ code }),
    })
    if (!answer.ok) throw new Error(`refused with ${answer.status}`)
    const { token } = (await answer.json()) as { token: string }
    session.open(token)
    return true
  } catch {
    session.wasCodeRefused = true
    return false
  }
}

function askOthers(): Promise<string | null> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(CHANNEL)
    const stop = (token: string | null) => {
      channel.close()
      resolve(token)
    }
    // Another window answers at once or not at all.
    const timer = setTimeout(() => stop(null), 150)
    channel.onmessage = ({ data }) => {
      if (typeof data?.token !== 'string') return
      clearTimeout(timer)
      stop(data.token)
    }
    channel.postMessage({ ask: true })
  })
}

let answering: BroadcastChannel | null = null

function answerOthers(): void {
  answering ??= new BroadcastChannel(CHANNEL)
  answering.onmessage = ({ data }) => {
    if (data?.ask && session.token) answering?.postMessage({ token: session.token })
    // A window that had been shut out hears of a newer session and goes on.
    if (typeof data?.token === 'string' && session.state === 'closed') session.open(data.token)
  }
}
