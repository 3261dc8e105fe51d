// Where words stand in a snippet. The peer counts bytes of UTF-8, the browser counts half code points; and a snippet
// comes from others, so ranges may be anything. Not for: letters of names (match.ts).
import type { MatchPart } from '../lib/match.ts'

/** Bytes one character takes in UTF-8. */
function width(character: string): number {
  const code = character.codePointAt(0) ?? 0
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
}

/**
 * Splits a text at byte ranges. A range that begins or ends inside of a character takes the whole of it; what lies
 * outside of the text, is turned round or is no range marks nothing.
 */
export function marked(text: string, ranges: readonly unknown[]): MatchPart[] {
  const wanted = ranges.flatMap(range).sort(([left], [right]) => left - right)
  const found: MatchPart[] = []
  let at = 0
  let next = 0
  for (const character of text) {
    const end = at + width(character)
    while (next < wanted.length && (wanted[next]?.[1] ?? 0) <= at) next += 1
    const isHit = (wanted[next]?.[0] ?? Infinity) < end
    const open = found.at(-1)
    if (open?.isHit === isHit) open.text += character
    else found.push({ text: character, isHit })
    at = end
  }
  return found
}

function range(range: unknown): [number, number][] {
  if (!Array.isArray(range)) return []
  const [from, to] = range as unknown[]
  return typeof from === 'number' && typeof to === 'number' && from >= 0 && from < to ? [[from, to]] : []
}
