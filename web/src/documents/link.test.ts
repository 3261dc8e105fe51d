import { describe, expect, test } from 'vitest'
import { canPin, componentIn, componentsOf, componentText, copyOf, documentOf, goAddress, linkIn, linkOfPlace, pinOf, queryLink, titleOf, withPin } from './link.ts'

const FILE = 'althing:file/ab12/cd34/ef56'

test('a link is found as it is written, and as its copy', () => {
  expect(linkIn(` ${FILE}@3#lines=1-2\n`)).toBe(`${FILE}@3#lines=1-2`)
  expect(linkIn('http://althing.localhost/go/web/ab12')).toBe('althing:web/ab12')
  expect(linkIn('http://althing.localhost:8440/go/query/ab12?q=a%20b')).toBe('althing:query/ab12?q=a%20b')
  for (const none of ['', 'althing:', 'althing:other/x', `${FILE} and more`, 'http://evil.example/go/web/ab', 'http://althing.localhost.evil/go/web/ab', `${FILE}">x`, 'javascript:alert(1)', `althing:file/${'a'.repeat(3_000)}`]) expect(linkIn(none)).toBe('')
})

test('a link becomes a place of the page and back', () => {
  expect(goAddress(`${FILE}#cells=A1:B2`)).toBe('#/go/file/ab12/cd34/ef56#cells=A1:B2')
  expect(linkOfPlace('#/go/file/ab12/cd34/ef56#cells=A1:B2')).toBe(`${FILE}#cells=A1:B2`)
  expect(linkOfPlace('#/go/nonsense')).toBe('')
  expect(copyOf(FILE, 'althing.localhost:1')).toBe('http://althing.localhost:1/go/file/ab12/cd34/ef56')
})

test('pinning leaves the range alone', () => {
  expect(withPin(`${FILE}#lines=1-2`, 4)).toBe(`${FILE}@4#lines=1-2`)
  expect(withPin(`${FILE}@4#lines=1-2`, null)).toBe(`${FILE}#lines=1-2`)
  expect(withPin(`${FILE}@4`, 5)).toBe(`${FILE}@5`)
  expect(pinOf(`${FILE}@12#page=2`)).toBe(12)
  expect(pinOf(FILE)).toBeNull()
  expect(canPin('althing:web/ab12')).toBe(false)
  expect(withPin('althing:web/ab12', 1)).toBe('althing:web/ab12')
})

test('a document is named by its id', () => {
  expect(documentOf('althing:document/ab12/0123cdef#section=x')).toBe('0123cdef')
  expect(documentOf(FILE)).toBe('')
})

test('queries are written so that Markdown keeps them whole', () => {
  const link = queryLink('ab12'.repeat(16), `a (b) 'c' & "d" ü`)
  expect(linkIn(link)).toBe(link)
  expect(componentIn(componentText('x', link))?.link).toBe(link)
})

describe('components', () => {
  const component = `![a \\] b](${FILE}#lines=1-2)`

  test('are paragraphs of their own', () => {
    expect(componentsOf(`# T\n\n${component}\n\nmore`)).toEqual([{ line: 3, from: 5, to: 5 + component.length, caption: 'a ] b', link: `${FILE}#lines=1-2` }])
    expect(componentsOf(`# T\n${component}`)).toHaveLength(1)
    expect(componentsOf(component)).toHaveLength(1)
  })

  test('are none inside of a line, a list, a quotation or code', () => {
    for (const none of [`see ${component}`, `${component} there`, `- ${component}`, `> ${component}`, `    ${component}`, `\`\`\`\n\n${component}\n\n\`\`\``, `~~~ x\n\n${component}\n\n\`\`\`\n`, '![x](http://evil.example/a.png)', '![x](javascript:alert(1))', `[x](${FILE})`]) {
      expect(componentsOf(none)).toEqual([])
    }
  })

  test('are lines of their own, whatever stands beside them', () => {
    expect(componentsOf(`text\n${component}\n${component}\ntext`).map(({ line }) => line)).toEqual([2, 3])
  })

  test('words of others stay words', () => {
    const text = componentText('a](javascript:alert(1))\n# b <img> *c*', FILE)
    expect(text.split('\n')).toHaveLength(1)
    expect(componentIn(text)).toEqual({ caption: 'a](javascript:alert(1)) # b <img> *c*', link: FILE })
  })
})

test('the title is the first heading, without marks', () => {
  expect(titleOf('text\n\n## A *b* `c` [d](althing:web/ab) ##\n# later')).toBe('A b c d')
  expect(titleOf('nothing')).toBe('')
})
