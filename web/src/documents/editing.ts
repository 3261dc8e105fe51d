// Puts the editor together: what its keys do, what is pasted and dropped into it, how links are found in it.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { deleteMarkupBackward, insertNewlineContinueMarkup, markdownLanguage } from '@codemirror/lang-markdown'
import { search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorSelection, EditorState, type Extension, type Range, type TransactionSpec } from '@codemirror/state'
import { Decoration, drawSelection, dropCursor, EditorView, highlightSpecialChars, keymap, placeholder, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view'
import { t } from '../lib/strings.ts'
import { call, type LinkView } from './api.ts'
import { peers } from './cursors.ts'
import { componentIn, componentText, linkIn, linkText } from './link.ts'
import { looks } from './looks.ts'
import { slash, type Wanted } from './slash.ts'
import './styles.ts'
import { components } from './widgets.svelte.ts'

/** What a dragged row of the tree carries. */
export const PATH_TYPE = 'application/x-althing-path'

export interface Doings {
  within: string[]
  onchange: (update: ViewUpdate) => void
  onwanted: (wanted: Wanted, view: EditorView) => void
  onlink: (link: string) => void
  onleave: () => void
  onfault: (error: unknown) => void
}

export const writable = new Compartment()
export const beside = new Compartment()

/** Puts signs around what is selected, or takes them away. */
function around(sign: string) {
  return (view: EditorView): boolean => {
    if (view.state.readOnly) return false
    view.dispatch(view.state.changeByRange((range) => {
      const { doc } = view.state
      const [before, after] = [doc.sliceString(range.from - sign.length, range.from), doc.sliceString(range.to, range.to + sign.length)]
      if (before === sign && after === sign) {
        return { changes: [{ from: range.from - sign.length, to: range.from }, { from: range.to, to: range.to + sign.length }], range: EditorSelection.range(range.anchor - sign.length, range.head - sign.length) }
      }
      return { changes: [{ from: range.from, insert: sign }, { from: range.to, insert: sign }], range: EditorSelection.range(range.anchor + sign.length, range.head + sign.length) }
    }), { userEvent: 'input' })
    return true
  }
}

/** Goes into a component's line instead of over it. */
function into(step: 1 | -1) {
  return (view: EditorView): boolean => {
    const { main } = view.state.selection
    const { doc } = view.state
    const number = doc.lineAt(main.head).number + step
    if (!main.empty || number < 1 || number > doc.lines) return false
    const next = doc.line(number)
    const { head } = view.moveVertically(main, step > 0)
    if (!componentIn(next.text) || (step > 0 ? head <= next.to : head >= next.from)) return false
    view.dispatch({ selection: { anchor: next.from + 2 }, scrollIntoView: true, userEvent: 'select' })
    return true
  }
}

/** Where a component may stand near a place: a paragraph of its own. */
export function asParagraph(state: EditorState, place: number, text: string): TransactionSpec {
  const line = state.doc.lineAt(place)
  const isEmpty = line.text.trim() === ''
  const before = line.number > 1 ? state.doc.line(line.number - 1) : null
  const after = line.number < state.doc.lines ? state.doc.line(line.number + 1) : null
  const insert = isEmpty
    ? `${before && before.text.trim() !== '' ? '\n' : ''}${text}${after && after.text.trim() === '' ? '\n' : '\n\n'}`
    : `\n\n${text}\n${after && after.text.trim() === '' ? '' : '\n'}`
  const [from, to] = isEmpty ? [line.from, line.to] : [line.to, line.to]
  const isLast = !after
  return { changes: { from, to, insert }, selection: { anchor: Math.min(from + insert.length, isLast ? Infinity : from + insert.length) }, scrollIntoView: true, userEvent: 'input.paste' }
}

/** Puts what a link leads to into the text: a component on an empty line, else a link with its title. */
export function insertLink(view: EditorView, place: number, target: LinkView, isComponent: boolean): void {
  const words = target.title || target.link
  if (isComponent) view.dispatch(asParagraph(view.state, place, componentText(words, target.link)))
  else {
    const insert = linkText(words, target.link)
    view.dispatch({ changes: { from: place, insert }, selection: { anchor: place + insert.length }, userEvent: 'input.paste', scrollIntoView: true })
  }
}

const LINK = /(!?)\[((?:\\.|[^\\\]\n])*)\]\(<?([^\s<>()]+)>?\)/g
const hidden = Decoration.replace({})

/** Links show their words; where they lead stands there only while the cursor is in them. */
function linksIn(view: EditorView): DecorationSet {
  const ranges: Range<Decoration>[] = []
  for (const { from, to } of view.visibleRanges) {
    const first = view.state.doc.lineAt(from).from
    for (const match of view.state.sliceDoc(first, view.state.doc.lineAt(to).to).matchAll(LINK)) {
      const [whole, sign, words = '', address = ''] = match
      const [start, end] = [first + match.index, first + match.index + whole.length]
      if (sign === '!' || words === '') continue
      const link = linkIn(address)
      if (link !== '') ranges.push(Decoration.mark({ class: 'cm-known-link', attributes: { 'data-link': link } }).range(start + 1, start + 1 + words.length))
      if (view.state.selection.ranges.some((range) => range.from <= end && range.to >= start)) continue
      ranges.push(hidden.range(start, start + 1), hidden.range(start + 1 + words.length, end))
    }
  }
  return Decoration.set(ranges, true)
}
const links = ViewPlugin.fromClass(class {
  shown: DecorationSet
  constructor(view: EditorView) { this.shown = linksIn(view) }
  update({ view, docChanged, viewportChanged, selectionSet }: ViewUpdate): void { if (docChanged || viewportChanged || selectionSet) this.shown = linksIn(view) }
}, { decorations: ({ shown }) => shown })

/** The link at the cursor. */
function linkAt(view: EditorView): string {
  const { head } = view.state.selection.main
  const line = view.state.doc.lineAt(head)
  for (const match of line.text.matchAll(/!?\[(?:\\.|[^\\\]])*\]\(<?([^\s<>()]+)>?\)/g)) {
    const from = line.from + match.index
    if (from <= head && head <= from + match[0].length) return linkIn(match[1] ?? '')
  }
  return ''
}

function handlers({ onlink, onfault }: Doings): Extension {
  return EditorView.domEventHandlers({
    paste(event, view) {
      const link = linkIn(event.clipboardData?.getData('text/plain') ?? '')
      if (link === '' || view.state.readOnly) return false
      event.preventDefault()
      const { from, to } = view.state.selection.main
      const words = view.state.sliceDoc(from, to)
      if (words !== '' && !words.includes('\n')) {
        view.dispatch(view.state.replaceSelection(`[${words}](${link})`), { userEvent: 'input.paste' })
        return true
      }
      const place = view.state.selection.main.head
      call('pages.resolve', { link }).then(
        (target) => insertLink(view, Math.min(place, view.state.doc.length), { ...target, link }, view.state.doc.lineAt(Math.min(place, view.state.doc.length)).text.trim() === ''),
        () => view.dispatch(view.state.replaceSelection(link), { userEvent: 'input.paste' }),
      )
      return true
    },
    dragover(event) {
      if (!event.dataTransfer?.types.includes(PATH_TYPE)) return false
      event.preventDefault()
      event.dataTransfer.dropEffect = 'link'
      return true
    },
    drop(event, view) {
      const path = event.dataTransfer?.getData(PATH_TYPE) ?? ''
      if (path === '' || view.state.readOnly) return false
      event.preventDefault()
      const place = view.posAtCoords({ x: event.clientX, y: event.clientY }, false)
      call('pages.link', { path }).then((target) => insertLink(view, Math.min(place, view.state.doc.length), target, true), onfault)
      view.focus()
      return true
    },
    mousedown(event) {
      const link = event.target instanceof Element ? (event.target.closest<HTMLElement>('[data-link]')?.dataset.link ?? '') : ''
      if (link === '' || !(event.ctrlKey || event.metaKey)) return false
      event.preventDefault()
      onlink(link)
      return true
    },
  })
}

export function editing(doings: Doings): Extension {
  return [
    history(), drawSelection(), dropCursor(), highlightSpecialChars(), EditorView.lineWrapping, EditorView.perLineTextDirection.of(true),
    EditorState.allowMultipleSelections.of(true), EditorState.tabSize.of(4),
    markdownLanguage.extension, looks, peers, links, components(doings.within), slash(doings.onwanted),
    search({ top: true }), EditorState.phrases.of(t.writing.phrases),
    writable.of([]), beside.of([]),
    placeholder(t.writing.placeholder),
    EditorView.contentAttributes.of({ 'aria-label': t.writing.label, spellcheck: 'true', autocorrect: 'on', autocapitalize: 'sentences', 'data-editor': '' }),
    EditorView.updateListener.of(doings.onchange),
    handlers(doings),
    keymap.of([
      { key: 'Mod-b', run: around('**') }, { key: 'Mod-i', run: around('*') }, { key: 'Mod-e', run: around('`') },
      // Everything is saved by itself; who is used to saving is not sent to the browser's dialog.
      { key: 'Mod-s', run: () => true },
      { key: 'Mod-Enter', run: (view) => { const link = linkAt(view); if (link !== '') doings.onlink(link); return link !== '' } },
      { key: 'ArrowDown', run: into(1) }, { key: 'ArrowUp', run: into(-1) },
      { key: 'Enter', run: insertNewlineContinueMarkup }, { key: 'Backspace', run: deleteMarkupBackward },
      ...searchKeymap, ...historyKeymap, ...defaultKeymap.filter(({ key }) => key !== 'Escape'),
      { key: 'Escape', run: () => { doings.onleave(); return true } },
    ]),
  ]
}
