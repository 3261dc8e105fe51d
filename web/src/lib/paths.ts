// Paths of the tree `web/person/share/folder/file`, and the addresses of pages made of them.

/** One step of a path. */
export interface Crumb {
  name: string
  path: string
}

/** Splits a path; empty parts fall away. */
export function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

/** Puts parts together. */
export function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** The folder a path lies in; empty for a web and for the root. */
export function parent(path: string): string {
  return split(path).slice(0, -1).join('/')
}

/** The last part of a path. */
export function last(path: string): string {
  return split(path).at(-1) ?? ''
}

/** The web a path belongs to; empty for the root. */
export function webOf(path: string): string {
  return split(path)[0] ?? ''
}

/** Whether `path` is `folder` or lies anywhere in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** Every step from the web down to the path itself. */
export function crumbs(path: string): Crumb[] {
  const names = split(path)
  return names.map((name, index) => ({ name, path: names.slice(0, index + 1).join('/') }))
}

/** Writes a path so that it can stand in an address. */
export function encode(path: string): string {
  return split(path).map(encodePart).join('/')
}

/** Reads a path from an address; a part that is badly escaped is taken as it stands. */
export function decode(text: string): string {
  return split(text).map(decodePart).join('/')
}

function encodePart(part: string): string {
  // A lone surrogate cannot be escaped; it becomes the replacement sign, as it would on the wire.
  return encodeURIComponent(part.toWellFormed())
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Compares names as the peer orders them: by their UTF-8 bytes, which is by code points. */
export function compareNames(left: string, right: string): number {
  if (left === right) return 0
  const a = [...left]
  const b = [...right]
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
