// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { draw, Painter } from './markdown.ts'

const LINK = 'althing:file/ab/cd/ef'

function html(text: string): string {
  const box = document.createElement('div')
  box.append(draw(text))
  return box.innerHTML
}

test('Markdown is drawn', () => {
  expect(html('# A *b*')).toBe('<h1 dir="auto" class="h1">A <em>b</em></h1>')
  expect(html('a **b** `c` ~~d~~ \\*')).toBe('<p dir="auto">a <strong>b</strong> <code>c</code> <del>d</del> *</p>')
  expect(html('- [x] a\n- b\n  1. c')).toBe('<ul><li dir="auto" class="task done"><span>☑ </span>a</li><li dir="auto">b<ol><li dir="auto">c</li></ol></li></ul>')
  expect(html('| a | b |\n|---|--:|\n| 1 |  |')).toContain('<th dir="auto" scope="col" class="to-right">b</th>')
  expect(html('```x\na <b>\n```')).toBe('<pre tabindex="0"><code>a &lt;b&gt;</code></pre>')
  expect(html('> a')).toBe('<blockquote><p dir="auto">a</p></blockquote>')
  expect(html('&amp; &lt; &#x41;')).toBe('<p dir="auto">&amp; &lt; A</p>')
})

test('links of ours lead to places of the page, references are resolved', () => {
  expect(html(`[a](${LINK})`)).toBe(`<p dir="auto"><a href="#/go/file/ab/cd/ef" data-link="${LINK}">a</a></p>`)
  expect(html('[a][x]\n\n[x]: https://ok.example/')).toContain('<a href="https://ok.example/" rel="noreferrer noopener" target="_blank">a</a>')
  expect(html('https://ok.example/a')).toContain('href="https://ok.example/a"')
  expect(html('![a](http://evil.example/track.png)')).not.toContain('<img')
})

test.each(['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', 'a <img src=x onerror=alert(1)> b', '[a](javascript:alert(1))', '[a](<java\tscript:alert(1)>)', '<javascript:alert(1)>', '![a](javascript:alert(1))', '[a][x]\n\n[x]: javascript:alert(1)', '&lt;img src=x onerror=alert(1)&gt;', '&<img src=x onerror=alert(1)>;', '<svg onload=alert(1)>', '`<img onerror=x>`', '| <img src=x onerror=alert(1)> |\n|---|\n| x |'])('nothing runs: %s', (text) => {
  const box = document.createElement('div')
  box.append(draw(text))
  expect(box.querySelector('script, img, svg, iframe, [onerror], [onload]')).toBeNull()
  for (const each of box.querySelectorAll('a')) expect(each.getAttribute('href')).toMatch(/^(https?:|mailto:|#\/go\/)/)
})

test('what did not change keeps its nodes, components their lives', () => {
  const box = document.createElement('div')
  const ended: string[] = []
  let begun = 0
  const painter = new Painter(box, (holder, spot) => { begun += 1; holder.dataset['line'] = String(spot.line); return () => ended.push(spot.caption) })
  painter.paint(`# T\n\nfirst\n\n![c](${LINK})\n\nlast`)
  const [heading, first, component] = [...box.children]
  painter.paint(`# T\n\nnew\n\nfirst\n\n![c](${LINK})\n\nlast one`)
  expect([...box.children].map((each) => each === heading || each === first || each === component)).toEqual([true, false, true, true, false])
  expect(begun).toBe(1)
  painter.paint('# T')
  expect(ended).toEqual(['c'])
  painter.end()
  expect(box.childNodes).toHaveLength(0)
})

test('levels of headings are never skipped', () => {
  const box = document.createElement('div')
  new Painter(box, () => () => {}).paint('### a\n\n# b\n\n#### c')
  expect([...box.children].map((each) => `${each.localName}.${each.className}`)).toEqual(['h1.h3', 'h1.h1', 'h2.h4'])
})
