// Where others are in a text: their cursor with a flag of shape, colour and name, and what they have selected.
import { StateEffect, StateField, type Range } from '@codemirror/state'
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view'
import { plain } from '../lib/names.ts'
import { face, hueOf } from './face.ts'

export interface Peer {
  who: string
  person: string
  device: string
  anchor: number
  head: number
}

export const setPeers = StateEffect.define<readonly Peer[]>()

class Flag extends WidgetType {
  constructor(readonly who: string, readonly person: string, readonly device: string, readonly isFirstLine: boolean) {
    super()
  }

  override eq(other: Flag): boolean {
    return other.who === this.who && other.person === this.person && other.device === this.device && other.isFirstLine === this.isFirstLine
  }

  toDOM(): HTMLElement {
    const caret = document.createElement('span')
    caret.className = 'cm-peer'
    caret.setAttribute('aria-hidden', 'true')
    caret.style.setProperty('--hue', String(hueOf(this.person)))
    const flag = document.createElement('span')
    flag.className = this.isFirstLine ? 'cm-peer-flag below' : 'cm-peer-flag'
    const name = document.createElement('bdi')
    name.textContent = plain(this.who)
    flag.append(face(this.person, 12), name)
    caret.append(flag)
    return caret
  }

  override get lineBreaks(): number {
    return 0
  }
}

function decorated(peers: readonly Peer[], length: number, firstLineEnd: number): DecorationSet {
  const ranges: Range<Decoration>[] = []
  for (const { who, person, device, anchor, head } of peers) {
    const [from, to] = anchor < head ? [anchor, head] : [head, anchor]
    if (to > length) continue
    if (from < to) ranges.push(Decoration.mark({ class: `cm-peer-${hueOf(person)}` }).range(from, to))
    ranges.push(Decoration.widget({ widget: new Flag(who, person, device, head <= firstLineEnd), side: 1 }).range(head))
  }
  return Decoration.set(ranges, true)
}

export const peers = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    const told = transaction.effects.find((effect) => effect.is(setPeers))
    if (told) return decorated(told.value as readonly Peer[], transaction.newDoc.length, transaction.newDoc.line(1).to)
    return transaction.docChanged ? shown.map(transaction.changes) : shown
  },
  provide: (field) => EditorView.decorations.from(field),
})
