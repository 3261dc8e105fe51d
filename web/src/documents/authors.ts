// Who wrote what, when asked for: a name and a mark beside the lines, and a line below the words.
import { StateEffect, StateField, type Extension } from '@codemirror/state'
import { Decoration, EditorView, gutter, GutterMarker, type DecorationSet } from '@codemirror/view'
import { plain } from '../lib/names.ts'
import type { SpanView } from './api.ts'
import { face, hueOf } from './face.ts'

export interface Author extends SpanView {
  person: string
}

export const setAuthors = StateEffect.define<readonly Author[]>()

const field = StateField.define<{ authors: readonly Author[]; shown: DecorationSet }>({
  create: () => ({ authors: [], shown: Decoration.none }),
  update(now, { effects, docChanged, changes, newDoc }) {
    const told = effects.find((effect) => effect.is(setAuthors))
    const authors = told ? (told.value as readonly Author[]).filter(({ from, to }) => from < to && to <= newDoc.length)
      : docChanged ? now.authors.map((each) => ({ ...each, from: changes.mapPos(each.from, 1), to: changes.mapPos(each.to, -1) })).filter(({ from, to }) => from < to) : now.authors
    if (authors === now.authors) return now
    return { authors, shown: Decoration.set(authors.map(({ from, to, person, who }) => Decoration.mark({ class: `cm-by-${hueOf(person)}`, attributes: { title: plain(who) } }).range(from, to)), true) }
  },
  provide: (field) => EditorView.decorations.from(field, ({ shown }) => shown),
})

class Beside extends GutterMarker {
  constructor(readonly who: string, readonly person: string) {
    super()
  }

  override eq(other: Beside): boolean {
    return other.who === this.who && other.person === this.person
  }

  override toDOM(): HTMLElement {
    const made = document.createElement('span')
    made.className = 'cm-author'
    const name = document.createElement('bdi')
    name.textContent = plain(this.who)
    made.append(face(this.person, 14), name)
    return made
  }
}

/** The author of most of a line; none of an empty one. */
function authorOf(authors: readonly Author[], from: number, to: number): Author | undefined {
  let most: Author | undefined
  let share = 0
  for (const each of authors) {
    const part = Math.min(to, each.to) - Math.max(from, each.from)
    if (part > share) [most, share] = [each, part]
  }
  return most
}

/** Shows authors once they are told by `setAuthors`. */
export const authors: Extension = [
  field,
  gutter({
    class: 'cm-authors',
    lineMarker(view, { from, to }) {
      const all = view.state.field(field).authors
      const author = authorOf(all, from, to)
      if (!author) return null
      // Only where it changes: the same name on every line tells nothing.
      for (let number = view.state.doc.lineAt(from).number - 1; number > 0; number -= 1) {
        const line = view.state.doc.line(number)
        const before = line.length > 0 ? authorOf(all, line.from, line.to) : undefined
        if (before) return before.who === author.who ? null : new Beside(author.who, author.person)
      }
      return new Beside(author.who, author.person)
    },
    lineMarkerChange: (update) => update.transactions.some(({ effects }) => effects.some((effect) => effect.is(setAuthors))),
  }),
]
