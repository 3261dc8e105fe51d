// Keys that work anywhere. Those of a list or a dialog live with it.
import { desk } from './desk.svelte.ts'
import { sectionAddress, type Section } from './route.svelte.ts'

const SECTIONS: Record<string, Section> = { 1: 'files', 2: 'people', 3: 'news', 4: 'transfers', 5: 'search', 6: 'computers', 7: 'documents', 8: 'jobs', 9: 'tunnels', 0: 'rooms', m: 'mail', u: 'inbox', w: 'guard', a: 'agents' }

/** Whether a key belongs to what is being written. */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}

/** Handles a key pressed anywhere in the page. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.altKey || desk.dialog) return
  if (event.ctrlKey) {
    if (event.key === 'k') focusBox(event, '')
    return
  }
  if (isWriting(event.target)) return
  const section = SECTIONS[event.key]
  if (section) location.hash = sectionAddress(section)
  else if (event.key === '/') focusBox(event, '')
  else if (event.key === '>') focusBox(event, '>')
  else if (event.key === '?') desk.open({ kind: 'keys' })
  else if (event.key === 'i') desk.togglePanel()
  else return
  event.preventDefault()
}

function focusBox(event: KeyboardEvent, text: string): void {
  const box = document.querySelector<HTMLInputElement>('#box')
  if (!box) return
  event.preventDefault()
  box.focus()
  if (text) {
    box.value = text
    box.dispatchEvent(new Event('input', { bubbles: true }))
  } else box.select()
}
