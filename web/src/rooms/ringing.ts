// Messages that ring, shown by the browser: only after a person switched it on in this browser. When it rings, the peer
// decides: quiet hours, quiet conversations and what was read elsewhere make no event.
import { call } from '../lib/call.ts'
import { plain } from '../lib/names.ts'
import { go, route } from '../lib/route.svelte.ts'
import { t } from '../lib/strings.ts'

const KEY = 'althing.rings'
const TEXT_MAX = 200

export function rings(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on' && 'Notification' in window && Notification.permission === 'granted'
  } catch {
    return false
  }
}

/** Switches it; says whether it is now as wished. */
export async function setRings(isOn: boolean): Promise<boolean> {
  const isAllowed = !isOn || ('Notification' in window && (await Notification.requestPermission()) === 'granted')
  try {
    localStorage.setItem(KEY, isOn && isAllowed ? 'on' : 'off')
  } catch {
    return !isOn
  }
  return isAllowed
}

export async function ring(about: unknown): Promise<void> {
  const { room, message } = (about ?? {}) as Partial<Record<string, unknown>>
  if (!rings() || typeof room !== 'string' || typeof message !== 'string') return
  if (document.hasFocus() && route.section === 'room' && route.path === room) return
  try {
    const [{ who, text }, { rooms }] = await Promise.all([call('talk.message', { message }), call('talk.rooms', {})])
    const name = rooms.find(({ id }) => id === room)?.name ?? ''
    // One of a conversation at a time.
    const shown = new Notification(plain(t.rooms.rang(who, name)), { body: plain(text).slice(0, TEXT_MAX), tag: room })
    shown.onclick = () => { window.focus(); go('room', room); shown.close() }
  } catch {
    // What cannot be read now is found unread in the list.
  }
}
