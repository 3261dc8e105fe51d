// How Markdown looks while it is written: calm, with its marks faint.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const heading = (size: string) => ({ fontSize: size, lineHeight: '1.3', fontWeight: '650', letterSpacing: '-0.01em' })
const MONO = "ui-monospace, 'Cascadia Code', Menlo, 'Liberation Mono', monospace"

const marks = HighlightStyle.define([
  { tag: tags.heading1, ...heading('1.75rem') }, { tag: tags.heading2, ...heading('1.375rem') }, { tag: tags.heading3, ...heading('1.125rem') },
  { tag: [tags.heading4, tags.heading5, tags.heading6], fontWeight: '650' },
  { tag: tags.strong, fontWeight: '700' }, { tag: tags.emphasis, fontStyle: 'italic' }, { tag: tags.strikethrough, textDecoration: 'line-through' },
  { tag: tags.monospace, fontFamily: MONO, fontSize: '0.9em', backgroundColor: 'var(--sunken)', borderRadius: '3px' },
  { tag: tags.quote, color: 'var(--ink-soft)' },
  { tag: tags.link, color: 'var(--accent)' }, { tag: tags.url, color: 'var(--ink-soft)', fontSize: '0.85em' },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.meta], color: 'var(--ink-soft)', fontWeight: '400' },
])

export const looks = [
  syntaxHighlighting(marks),
  EditorView.theme({
    '&': { color: 'var(--ink)', backgroundColor: 'transparent', fontSize: '1rem' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'inherit', lineHeight: '1.65', overflow: 'visible' },
    '.cm-content': { padding: '8px 0 120px', caretColor: 'var(--ink)', maxWidth: '100%' },
    '.cm-line': { padding: '0 2px', unicodeBidi: 'plaintext', textAlign: 'start' },
    '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
    '.cm-dropCursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
    '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'light-dark(#0b655833, #7bd6c633)' },
    '.cm-placeholder': { color: 'var(--ink-soft)' },
    '.cm-specialChar': { color: 'var(--warn)', backgroundColor: 'var(--warn-soft)', borderRadius: '3px' },
    '.cm-gutters': { backgroundColor: 'transparent', border: '0', color: 'var(--ink-soft)' },
    '.cm-component': { padding: '8px 0', cursor: 'default' },
    '.cm-source': { fontFamily: MONO, fontSize: '0.8125rem', color: 'var(--ink-soft)', backgroundColor: 'var(--sunken)', borderRadius: '6px 6px 0 0' },
    '.cm-known-link': { textDecoration: 'underline', textUnderlineOffset: '3px', textDecorationColor: 'var(--line-strong)' },
    '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '8px', backgroundColor: 'var(--surface)', color: 'var(--ink)', boxShadow: 'var(--shadow)', overflow: 'hidden' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'inherit', minWidth: '280px', maxHeight: '34em', padding: '4px' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { display: 'flex', alignItems: 'baseline', gap: '12px', padding: '4px 10px', borderRadius: '6px', lineHeight: '1.25rem', fontSize: '0.875rem' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--ink)' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > completion-section': { padding: '8px 10px 2px', border: '0', color: 'var(--ink-soft)', fontSize: '0.75rem', fontWeight: '600', opacity: '1' },
    '.cm-completionDetail': { marginInlineStart: 'auto', fontStyle: 'normal', color: 'var(--ink-soft)', fontSize: '0.75rem' },
    '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
    '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '8px', zIndex: '3' },
    '.cm-panels-top': { borderBottom: '1px solid var(--line)', position: 'sticky', insetBlockStart: '0' },
    '.cm-panel.cm-search': { padding: '8px 28px 8px 12px', fontSize: '0.875rem' },
    '.cm-textfield': { border: '1px solid var(--line-strong)', borderRadius: '6px', backgroundColor: 'var(--paper)', padding: '4px 8px', fontSize: '0.875rem' },
    '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--surface)', border: '1px solid var(--line)', borderRadius: '6px', padding: '4px 10px', fontSize: '0.8125rem' },
    '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
    '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)', outline: '2px solid var(--accent)' },
    '.cm-peer': { position: 'relative', borderInlineStart: '2px solid oklch(0.58 0.115 var(--hue))', marginInline: '-1px', pointerEvents: 'none' },
    '.cm-peer-flag': {
      position: 'absolute', insetBlockEnd: '100%', insetInlineStart: '-2px', display: 'inline-flex', alignItems: 'center', gap: '4px', padding: '1px 6px 1px 3px', borderRadius: '6px 6px 6px 0',
      fontSize: '0.6875rem', lineHeight: '1rem', fontWeight: '600', fontStyle: 'normal', letterSpacing: '0', whiteSpace: 'nowrap', zIndex: '2',
      backgroundColor: 'light-dark(oklch(0.93 0.045 var(--hue)), oklch(0.32 0.06 var(--hue)))', color: 'var(--ink)', border: '1px solid oklch(0.58 0.115 var(--hue))', textDecoration: 'none',
    },
    '.cm-peer-flag.below': { insetBlockEnd: 'auto', insetBlockStart: '100%', borderRadius: '0 6px 6px 6px' },
    '.cm-peer-flag svg': { display: 'block' },
    ...Object.fromEntries([20, 48, 75, 100, 135, 160, 190, 215, 245, 275, 310, 345].flatMap((hue) => [
      [`.cm-peer-${hue}`, { backgroundColor: `oklch(0.65 0.115 ${hue} / 0.25)` }],
      [`.cm-by-${hue}`, { boxShadow: `inset 0 -2px oklch(0.65 0.115 ${hue} / 0.8)`, backgroundColor: `oklch(0.65 0.115 ${hue} / 0.1)` }],
    ])),
    '.cm-authors': { paddingInlineEnd: '12px', minWidth: '104px', maxWidth: '104px' },
    '.cm-authors .cm-gutterElement': { display: 'flex', alignItems: 'flex-start', paddingBlockStart: '4px', overflow: 'hidden' },
    '.cm-author': { display: 'inline-flex', alignItems: 'center', gap: '6px', fontSize: '0.75rem', lineHeight: '1.25rem', whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis', color: 'var(--ink)' },
  }),
]
