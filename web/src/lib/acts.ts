// What a person can do with a thing, wherever the button stands; each says what it did or why it could not.
import { call, faultOf } from './call.ts'
import { desk } from './desk.svelte.ts'
import { house } from './house.svelte.ts'
import { isolated } from './names.ts'
import { isWithin, last } from './paths.ts'
import { address, go } from './route.svelte.ts'
import { t } from './strings.ts'
import type { EntryView, TransferView } from './views.ts'

/** Runs an act; a fault becomes a note. Returns whether it worked. */
export async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    desk.complain(faultOf(error))
    return false
  }
}

/** Whether there is something to get: a file whose newest revision is not here, or a folder; never from oneself. */
export function canGet(entry: EntryView): boolean {
  if (house.shares.some((share) => share.state !== 'ended' && isWithin(entry.path, share.path))) return false
  if (entry.kind === 'file') return entry.freshness === 'elsewhere' || entry.freshness === 'older-here'
  return entry.kind === 'folder' || entry.kind === 'share'
}

/** Brings a file or a folder here. */
export function get(path: string, revision?: number): Promise<boolean> {
  return attempt(async () => {
    const transfer = await call('files.get', revision === undefined ? { path } : { path, revision })
    keepTransfer(transfer)
    if (transfer.is_over) await house.look()
    desk.say(t.get.started(isolated(last(path))), { href: address('transfers'), text: t.transfers.show })
  })
}

export const pause = (id: string) => attempt(async () => keepTransfer(await call('files.pause', { id })))
export const resume = (id: string) => attempt(async () => keepTransfer(await call('files.resume', { id })))
export const cancel = (id: string) => attempt(async () => keepTransfer(await call('files.cancel', { id })))

/** Opens a thing: a file in place, anything else as a folder. */
export function open(entry: EntryView): void {
  if (entry.kind === 'link') return
  go('files', entry.path, { isOpen: entry.kind === 'file' })
}

function keepTransfer(transfer: TransferView): void {
  const others = house.transfers.filter((known) => known.id !== transfer.id)
  house.transfers = [transfer, ...others].toSorted((left, right) => right.started - left.started)
}
