// Names given by others, made safe to show: what cannot be seen is made visible, what turns the direction of
// reading is shown as a sign instead of being obeyed. Not for: what is sent back to the peer (that stays as is).

/** Control characters, separators, zero-width and direction-changing characters. */
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu

/** A part of a name: either letters as they are, or the sign for something that cannot be seen. */
export interface NamePart {
  text: string
  isHidden: boolean
}

/** Writes one hidden character as a sign: `␊` for a new line, `U+202E` for what has no sign of its own. */
export function sign(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '\u2421'
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/**
 * Whether a joiner does its honest work: between the parts of one emoji, or between letters of a script that needs
 * it (Persian, Hindi and others; never Latin, Greek or Cyrillic, where it only serves to deceive).
 */
function isJoining(name: string, at: number): boolean {
  if (name[at] !== '\u200d' && name[at] !== '\u200c') return false
  // One character at a time, without anchors: Chromium 156 fails to find a class of astral characters before `$`.
  const before = [...name.slice(0, at)].at(-1) ?? ''
  const after = [...name.slice(at + 1, at + 3)][0] ?? ''
  if (/[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u.test(before)) return /\p{Extended_Pictographic}/u.test(after)
  return /[\p{L}\p{M}]/u.test(before) && !/[\p{sc=Latin}\p{sc=Grek}\p{sc=Cyrl}]/u.test(before) && /\p{L}/u.test(after)
}

/** Splits a name into what can be seen and signs for what cannot. */
export function parts(name: string): NamePart[] {
  const found: NamePart[] = []
  let from = 0
  for (const match of name.matchAll(HIDDEN)) {
    if (isJoining(name, match.index)) continue
    if (match.index > from) found.push({ text: name.slice(from, match.index), isHidden: false })
    found.push({ text: sign(match[0]), isHidden: true })
    from = match.index + match[0].length
  }
  if (from < name.length) found.push({ text: name.slice(from), isHidden: false })
  return found
}

/** Writes a name as plain text, for titles and labels where no markup can stand. */
export function plain(name: string): string {
  return parts(name).map((part) => part.text).join('')
}

/** Wraps a plain name so that its direction cannot spill into the sentence around it. */
export function isolated(name: string): string {
  return `\u2068${plain(name)}\u2069`
}

/** The part after the last dot, lower case; empty when there is none. */
export function extension(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : ''
}
