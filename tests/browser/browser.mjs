// Chromium, the check for accessibility, screenshots in every look, and a list of what passed and failed.
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { get } from 'node:http'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
/** So many failures one after the other mean that the ground is missing; the rest would only cost time. */
const IN_ROW_MAX = 4
export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 380, height: 800 }

/** A page put in place of the peer's own counts as coming from nowhere, which may not reach this computer. */
const FROM_NOWHERE = '--disable-features=LocalNetworkAccessChecks'

export async function launch(built = null) {
  await mkdir(SHOTS, { recursive: true })
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: built ? [...FLAGS, FROM_NOWHERE] : FLAGS })
}

/** A window of one person. Whatever the page complains about, and every box that pops up, is kept. */
export async function open(browser, built = null) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce', acceptDownloads: true })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  if (built) await replacePage(context, built)
  const page = await context.newPage()
  page.setDefaultTimeout(12_000)
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

/** Puts files built just now in place of those inside of the program; the peer's own headers and policy stay. */
async function replacePage(context, built) {
  await context.route(({ hostname, pathname }) => hostname === 'althing.localhost' && (pathname === '/' || /\.(js|css|svg)$/.test(pathname)), async (route) => {
    try {
      await replace(route, built)
    } catch {
      await route.abort('connectionrefused')
    }
  })
}

async function replace(route, built) {
  const { pathname, host, port } = new URL(route.request().url())
  const file = join(built, pathname === '/' ? 'index.html' : pathname)
  const type = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }[extname(file)]
  const headers = { ...(await headersOf(host, port)), 'content-type': `${type}; charset=utf-8` }
  await route.fulfill({ headers, body: readFileSync(file) })
}

/** The headers of the peer's own page. Only browsers know *.localhost, so the name goes in by hand. */
function headersOf(host, port) {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/', headers: { host } }, (answer) => {
      answer.resume()
      const { 'content-length': _, 'transfer-encoding': __, ...headers } = answer.headers
      resolve(headers)
    }).on('error', reject)
  })
}

export class Report {
  #passed = 0
  #failed = []
  #failedInRow = 0

  /** Does one step; a failure is told and the rest goes on. */
  async step(name, act, page) {
    if (this.#failedInRow >= IN_ROW_MAX) return
    const begun = Date.now()
    try {
      await act()
      const complaint = page?.complaints.splice(0)[0]
      if (complaint) throw new Error(`the page complained: ${complaint}`)
      this.#passed += 1
      this.#failedInRow = 0
      console.log(`${String(this.#passed + this.#failed.length).padStart(3)} ok      ${name} (${Date.now() - begun} ms)`)
    } catch (error) {
      this.#failed.push(name)
      this.#failedInRow += 1
      console.log(`${String(this.#passed + this.#failed.length).padStart(3)} FAILED  ${name}\n${String(error.message ?? error).split('\n').slice(0, 14).map((line) => `      ${line}`).join('\n')}`)
      await page?.screenshot({ path: `${SHOTS}failed-${this.#failed.length}.png` }).catch(() => {})
    }
  }

  end() {
    if (this.#failedInRow >= IN_ROW_MAX) console.log('gave up: the rest stands on what failed')
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
