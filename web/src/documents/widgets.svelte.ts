// Components live in the text that is being written: each stands in the place of its line, and below the line while
// the cursor is in it.
import { StateField, type EditorState, type Extension, type Range } from '@codemirror/state'
import { Decoration, EditorView, WidgetType, type DecorationSet } from '@codemirror/view'
import { mount, unmount } from 'svelte'
import { lastHeight } from './asking.ts'
import Component from './Component.svelte'
import { componentIn, componentsOf, type Placed } from './link.ts'

/** The head of a component's frame, and the space around it. */
const FRAME = 58
const UNKNOWN = 180

interface Shown { link: string; caption: string; within: string[]; onchange: (link: string) => void; onedit: () => void }
interface Living { shown: Shown; end: () => void }

const living = new WeakMap<HTMLElement, Living>()

class LiveComponent extends WidgetType {
  constructor(readonly link: string, readonly caption: string, readonly within: string[]) {
    super()
  }

  override eq(other: LiveComponent): boolean {
    return other.link === this.link && other.caption === this.caption
  }

  override get estimatedHeight(): number {
    return (lastHeight(this.link) || UNKNOWN) + FRAME
  }

  toDOM(view: EditorView): HTMLElement {
    const holder = document.createElement('div')
    holder.className = 'cm-component'
    const shown: Shown = $state({ link: this.link, caption: this.caption, within: this.within, onchange: (link: string) => rewrite(view, holder, link), onedit: () => goTo(view, holder) })
    const made = mount(Component, { target: holder, props: shown })
    const watch = new ResizeObserver(() => view.requestMeasure())
    watch.observe(holder)
    living.set(holder, { shown, end: () => { watch.disconnect(); void unmount(made) } })
    return holder
  }

  override updateDOM(holder: HTMLElement): boolean {
    const live = living.get(holder)
    if (!live) return false
    Object.assign(live.shown, { link: this.link, caption: this.caption })
    return true
  }

  override destroy(holder: HTMLElement): void {
    living.get(holder)?.end()
    living.delete(holder)
  }

  override ignoreEvent(): boolean {
    return true
  }
}

/** Puts the cursor into a component's line, which then shows itself. */
function goTo(view: EditorView, holder: HTMLElement): void {
  view.dispatch({ selection: { anchor: view.state.doc.lineAt(view.posAtDOM(holder)).from + 2 } })
  view.focus()
}

/** Puts another link into a component's line. */
function rewrite(view: EditorView, holder: HTMLElement, link: string): void {
  if (view.state.readOnly) return
  const line = view.state.doc.lineAt(view.posAtDOM(holder))
  const now = componentIn(line.text)
  const at = now ? line.text.lastIndexOf(now.link) : -1
  if (now && at >= 0) view.dispatch({ changes: { from: line.from + at, to: line.from + at + now.link.length, insert: link }, userEvent: 'input' })
}

const source = Decoration.line({ class: 'cm-source' })

function decorated(state: EditorState, placed: readonly Placed[], within: string[], isWriting: boolean): DecorationSet {
  const ranges: Range<Decoration>[] = []
  for (const { from, to, link, caption } of placed) {
    const widget = new LiveComponent(link, caption, within)
    const isAt = isWriting && state.selection.ranges.some((range) => range.from <= to && range.to >= from)
    if (isAt) ranges.push(source.range(from), Decoration.widget({ widget, side: 1, block: true }).range(to))
    else ranges.push(Decoration.replace({ widget, block: true }).range(from, to))
  }
  return Decoration.set(ranges, true)
}

/** @param within links of the documents this text is shown within, with its own */
export function components(within: string[]): Extension {
  const field = StateField.define<{ placed: readonly Placed[]; shown: DecorationSet }>({
    create(state) {
      const placed = componentsOf(state.doc.toString())
      return { placed, shown: decorated(state, placed, within, false) }
    },
    update(now, transaction) {
      if (!transaction.docChanged && !transaction.selection) return now
      const { state } = transaction
      const placed = transaction.docChanged ? componentsOf(state.doc.toString()) : now.placed
      return { placed, shown: decorated(state, placed, within, true) }
    },
    provide: (field) => EditorView.decorations.from(field, ({ shown }) => shown),
  })
  return field
}
