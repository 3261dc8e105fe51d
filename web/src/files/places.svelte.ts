// Folders a person was in, for coming back: what was read, where the eye was.
import { Folder } from '../lib/folder.svelte.ts'

/** Folders remembered; a long one takes some megabytes. */
const KEPT_MAX = 6

export const places = new Map<string, { name: string; scrollTop: number }>()
const folders = new Map<string, Folder>()

/** A folder outlives the part of the page that opened it, so it hangs on no effect of that part. */
function make(path: string): Folder {
  let folder = {} as Folder
  $effect.root(() => {
    folder = new Folder(path)
  })
  return folder
}

/** Returns the folder of a path, as it was left if it was open before. */
export function folderAt(path: string): Folder {
  const folder = folders.get(path) ?? make(path)
  folder.reopen()
  // The newest is last; the one left longest ago goes first.
  folders.delete(path)
  folders.set(path, folder)
  const oldest = folders.keys().next().value
  if (folders.size > KEPT_MAX && oldest !== undefined) folders.delete(oldest)
  return folder
}
