// Chromium, the check for accessibility, screenshots in every look, and a list of what passed and failed.
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 390, height: 800 }

export async function launch() {
  await mkdir(SHOTS, { recursive: true })
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
}

/** A window of one person. Whatever the page complains about, and every box that pops up, is kept. */
export async function open(browser, viewport = WIDE) {
  const context = await browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce', acceptDownloads: true })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  page.complaints = []
  // While a peer is away on purpose, the browser itself complains about connections.
  const isExpected = (text) => /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|status of 4\d\d|status of 503/.test(text)
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message.text())) page.complaints.push(message.text())
  })
  page.on('pageerror', (error) => page.complaints.push(String(error)))
  page.on('dialog', (dialog) => { page.complaints.push(`a box popped up: ${dialog.message()}`); void dialog.dismiss() })
  return page
}

export class Report {
  #passed = 0
  #failed = []

  /** Does one step; a failure is told and the rest goes on. */
  async step(name, act, page) {
    const begun = Date.now()
    try {
      await act()
      const complaint = page?.complaints.splice(0)[0]
      if (complaint) throw new Error(`the page complained: ${complaint}`)
      this.#passed += 1
      console.log(`${String(this.#passed + this.#failed.length).padStart(3)} ok      ${name} (${Date.now() - begun} ms)`)
    } catch (error) {
      this.#failed.push(name)
      console.log(`${String(this.#passed + this.#failed.length).padStart(3)} FAILED  ${name}\n${String(error.message ?? error).split('\n').slice(0, 14).map((line) => `      ${line}`).join('\n')}`)
      await page?.screenshot({ path: `${SHOTS}failed-${this.#failed.length}.png` }).catch(() => {})
    }
  }

  end() {
    console.log(`${this.#passed} passed, ${this.#failed.length} failed`)
    return this.#failed.length === 0
  }
}

/** Fails when axe finds anything. Run by the debugger's door, so that the page's own strict policy stays on. */
export async function accessible(page) {
  await page.evaluate(`if (!window.axe) { ${AXE} }`)
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }))
  if (violations.length === 0) return
  throw new Error(violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ''}`).join('\n  ')}`).join('\n'))
}

/** Takes a page's pictures, light and dark, wide and narrow, and checks each look for accessibility. */
export async function looks(page, name) {
  const troubles = []
  for (const [size, viewport] of [['wide', WIDE], ['narrow', NARROW]]) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.waitForTimeout(60)
      await page.screenshot({ path: `${SHOTS}${name}-${size}-${colorScheme}.png` })
      await accessible(page).catch((error) => troubles.push(`${size} ${colorScheme}: ${error.message}`))
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    if (overflow > 0) troubles.push(`${size}: the page is ${overflow} px too wide`)
  }
  await page.setViewportSize(WIDE)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  if (troubles.length) throw new Error(troubles.join('\n'))
}
