// What `/` at the beginning of an empty line offers.
import { autocompletion, pickedCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import type { Extension } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'
import { t } from '../lib/strings.ts'

/** Components that are chosen in a dialog. */
export type Wanted = 'file' | 'picture' | 'query' | 'person' | 'document'
export const WANTED: readonly Wanted[] = ['file', 'picture', 'query', 'document', 'person']

const BLOCKS: { name: keyof typeof t.slash.blocks; text: string; at?: number; to?: number }[] = [
  { name: 'heading', text: '## ' }, { name: 'subheading', text: '### ' }, { name: 'list', text: '- ' }, { name: 'numbers', text: '1. ' }, { name: 'task', text: '- [ ] ' }, { name: 'quote', text: '> ' },
  { name: 'table', text: '| A | B |\n|---|---|\n|   |   |\n', at: 2, to: 3 }, { name: 'code', text: '```\n\n```\n', at: 4 }, { name: 'rule', text: '---\n' },
]

/** Puts a text in the place of the line with the slash. */
function put(view: EditorView, completion: Completion, text: string, at = text.length, to = at): void {
  const line = view.state.doc.lineAt(view.state.selection.main.head)
  view.dispatch({
    changes: { from: line.from, to: line.to, insert: text }, selection: { anchor: line.from + at, head: line.from + to }, userEvent: 'input.complete', scrollIntoView: true,
    annotations: pickedCompletion.of(completion),
  })
}

export function slash(onwanted: (wanted: Wanted, view: EditorView) => void): Extension {
  const blocks = BLOCKS.map(({ name, text, at, to }, index): Completion => ({
    label: t.slash.blocks[name], detail: text.split('\n')[0]?.trim() ?? '', section: { name: t.slash.text, rank: 2 }, boost: BLOCKS.length - index,
    apply: (view, completion) => put(view, completion, text, at, to),
  }))
  const components = WANTED.map((wanted, index): Completion => ({
    label: t.slash.components[wanted], detail: t.slash.hints[wanted], section: { name: t.slash.live, rank: 1 }, boost: WANTED.length - index,
    apply: (view, completion) => { put(view, completion, ''); onwanted(wanted, view) },
  }))
  function source(context: CompletionContext): CompletionResult | null {
    const line = context.state.doc.lineAt(context.pos)
    if (!/^\/[\p{L} ]{0,24}$/u.test(line.text) || context.pos !== line.to) return null
    return { from: line.from + 1, options: [...components, ...blocks], validFor: /^[\p{L} ]*$/u }
  }
  return autocompletion({ override: [source], icons: false, aboveCursor: false, selectOnOpen: true })
}
