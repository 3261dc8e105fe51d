// Takes bytes out of the page as a file of the browser's downloads.

/** Milliseconds after which a download has surely begun. */
const KEPT_MS = 10_000

export function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}
