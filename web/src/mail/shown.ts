// What a mail shows of itself, in few words.
import type { MailLine } from '../lib/views.ts'

/** The name before an address, or the address. */
export function who(from: string): string {
  const [name = ''] = from.split('<')
  const bare = name.trim().replace(/^"(.*)"$/, '$1').trim()
  return bare === '' ? from.replace(/^<|>$/g, '').trim() : bare
}

/** The address in what a field says. */
export function addressIn(from: string): string {
  return /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim()
}

export function isUnseen({ flags }: Pick<MailLine, 'flags'>): boolean {
  return !flags.includes('\\Seen')
}

/** The subject of an answer. */
export function answerTo(subject: string): string {
  return /^re:/i.test(subject.trim()) ? subject.trim() : `Re: ${subject.trim()}`
}

/** The text of an answer: what was written, with marks before it. */
export function quoted(text: string): string {
  return `\n\n${text.trimEnd().split(/\r?\n/).map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`)).join('\n')}\n`
}
