import { expect, test } from 'vitest'
import { cardsOf, firstWords } from './links.ts'

const FILE = 'althing:file/abc/def'

test('a link gets one card, wherever it stands', () => {
  expect(cardsOf(`see ${FILE}, and ${FILE}.`, [])).toEqual([FILE])
  expect(cardsOf(`[the plan](${FILE})`, ['althing:web/abc'])).toEqual(['althing:web/abc', FILE])
  expect(cardsOf('http://althing.localhost:7417/go/file/abc/def', [])).toEqual([FILE])
})

test('what is no link of Althing gets none: nothing is ever fetched', () => {
  expect(cardsOf('https://example.org/a.png http://althing.localhost.evil.example/go/file/a', [])).toEqual([])
  expect(cardsOf('althing:invite/secret javascript:alert(1)', ['https://example.org'])).toEqual([])
  expect(cardsOf(`\`${FILE}\`\n\n\`\`\`\n${FILE}\n\`\`\``, [])).toEqual([])
})

test('a message has three cards at most', () => {
  expect(cardsOf([1, 2, 3, 4].map((n) => `${FILE}${n}`).join(' '), [])).toHaveLength(3)
})

test('the first words of a document are words', () => {
  expect(firstWords('# The orchard\n\nThe **saplings** come on [Friday](althing:file/a/b).\n\n- dig\n', 'The orchard')).toBe('The saplings come on Friday. dig')
  expect(firstWords('# Plan\n\n# Plan\n\nDig.', 'Plan')).toBe('Dig.')
  expect(firstWords('', 'x')).toBe('')
  expect(firstWords('a'.repeat(500), '')).toHaveLength(161)
})
