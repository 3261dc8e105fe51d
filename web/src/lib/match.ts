// Which letters of a name a query hit, so that they can be shown.

export interface MatchPart {
  text: string
  isHit: boolean
}

/** Splits a name at the words of a query; case does not matter. */
export function hits(name: string, query: string): MatchPart[] {
  const marked = new Array<boolean>(name.length).fill(false)
  const lower = name.toLowerCase()
  // Some letters change their length in lower case; then places do not fit, and nothing is marked.
  if (lower.length === name.length) {
    for (const word of query.toLowerCase().split(/\s+/)) markWord(lower, word, marked)
  }
  const found: MatchPart[] = []
  for (let index = 0; index < name.length; index += 1) {
    const isHit = marked[index] ?? false
    const open = found.at(-1)
    if (open && open.isHit === isHit) open.text += name[index]
    else found.push({ text: name[index] ?? '', isHit })
  }
  return found
}

function markWord(name: string, word: string, marked: boolean[]): void {
  if (word === '') return
  for (let at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + word.length)) {
    marked.fill(true, at, at + word.length)
  }
}
