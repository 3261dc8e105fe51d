// Which links of a message are shown as cards, and what a card says of a document's text. Pure.
import { linkIn } from '../documents/link.ts'

/** Cards of one message at most: more would be louder than what is said. */
export const CARDS_MAX = 3

/** Characters of a document that its card shows. */
const WORDS_MAX = 160

/** Letters that may stand before a link in a sentence, and signs behind it that belong to the sentence. */
const CANDIDATE = /(?:althing:|https?:\/\/althing\.localhost)[^\s<>"'`()[\]{}|^\\]+/g
const BEHIND = /[.,;:!?*_~]+$/

/** The links of a message that get a card: those that come with it, then those in its text, each once. Code is no link. */
export function cardsOf(text: string, attachments: readonly string[]): string[] {
  const spoken = text.replace(/(`{3,}|~{3,})[\s\S]*?(?:\1|$)/g, ' ').replace(/`[^`\n]*`/g, ' ')
  const inText = [...spoken.matchAll(CANDIDATE)].map(([found]) => linkIn(found.replace(BEHIND, '')))
  return [...new Set([...attachments.map(linkIn), ...inText])].filter((link) => link !== '').slice(0, CARDS_MAX)
}

/** The first words of a document, behind its title and without marks of Markdown. */
export function firstWords(text: string, title: string): string {
  const lines = text.slice(0, 4_000).replace(/!\[[^\]]*\]\([^)]*\)/g, ' ').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').split('\n')
  const plain = lines.map((line) => line.replace(/^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+/, '').replace(/[*_`~]{1,3}/g, '').trim()).filter((line) => line !== '' && !/^[-|:=\s]+$/.test(line))
  const begin = plain.findIndex((line) => line !== title.trim())
  const rest = begin < 0 ? [] : plain.slice(begin)
  const words = rest.join(' ').replace(/\s+/g, ' ')
  return words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX).toWellFormed().replaceAll('\ufffd', '').trimEnd()}…` : words
}
