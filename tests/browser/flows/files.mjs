// Sharing, odd names, long folders, and files shown in place.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { document as paper, film, FILM_SECONDS, PAPER } from '../film.mjs'
import { fill, NAUGHTY } from '../things.mjs'

export const ADDRESS = (path, more = '') => `#/files/${path.split('/').map(encodeURIComponent).join('/')}${more}`

/** Goes to a place of the page without loading it anew. */
export async function visit(page, hash) {
  await page.evaluate((to) => { location.hash = to }, hash)
}

export async function share(house) {
  const { report, peers, alice } = house
  house.plans = await peers.folder('alice', 'plans')
  await fill(house.plans)

  await report.step('a folder that is not there is refused in words, with what to do', async () => {
    await visit(alice, ADDRESS('family'))
    await alice.getByRole('banner').first().waitFor()
    await alice.getByRole('button', { name: 'Share a folder' }).first().click()
    await alice.getByLabel('Folder on this computer').fill('/no/such/folder')
    await alice.getByRole('button', { name: 'Share it' }).click()
    await alice.getByRole('alert').waitFor()
    await looks(alice, 'share-refused')
  }, alice)

  await report.step('a folder is shared, read and listed', async () => {
    await alice.getByLabel('Folder on this computer').fill(house.plans)
    await alice.getByRole('button', { name: 'Share it' }).click()
    await alice.getByRole('row', { name: /Q4 Roadmap\.md.*Kept here/ }).waitFor({ timeout: 30_000 })
    await looks(alice, 'share')
  }, alice)
}

export async function viewers({ report, bob }) {
  const open = (page, name) => visit(page, ADDRESS(`family/Alice/plans/${name}`, '?open'))

  await report.step('Markdown is shown in place, without running anything', async () => {
    await open(bob, 'Q4 Roadmap.md')
    await bob.frameLocator('iframe').getByRole('heading', { name: 'Q4 Roadmap' }).waitFor({ timeout: 20_000 })
    await looks(bob, 'view-markdown')
  }, bob)

  await report.step('a page of HTML is shown as its source and runs nothing', async () => {
    await open(bob, 'attack.html')
    await bob.frameLocator('iframe').getByText('example.invalid').waitFor({ timeout: 20_000 })
    if (!bob.url().includes('attack.html')) throw new Error('the page was sent elsewhere')
  }, bob)

  await report.step('pictures are shown, also drawings that try to run something', async () => {
    for (const name of ['pictures/pond.png', 'drawing.svg']) {
      await open(bob, name)
      const picture = bob.locator('.stage img')
      await picture.waitFor({ timeout: 20_000 })
      await bob.waitForFunction(() => { const img = document.querySelector('.stage img'); return img?.complete && img.naturalWidth > 0 })
    }
    await looks(bob, 'view-picture')
  }, bob)

  await report.step('sound plays and seeks', async () => {
    await open(bob, 'bell.wav')
    await bob.waitForFunction(() => (document.querySelector('audio')?.readyState ?? 0) >= 1, null, { timeout: 20_000 })
    await bob.evaluate(() => { document.querySelector('audio').currentTime = 0.5 })
    await bob.waitForFunction(() => !document.querySelector('audio').seeking)
  }, bob)

  await report.step('what cannot be shown can be saved by the browser', async () => {
    await open(bob, 'program.bin')
    await bob.getByText('This kind of file is not shown here').waitFor({ timeout: 20_000 })
    await bob.getByRole('button', { name: 'Save a copy' }).first().click()
    const download = bob.waitForEvent('download')
    await bob.getByRole('button', { name: 'Download with the browser' }).click()
    if ((await download).suggestedFilename() !== 'program.bin') throw new Error((await download).suggestedFilename())
    await visit(bob, ADDRESS('family'))
  }, bob)
}

/** A film and a document as they are, made by the browser: shown at once, before they are here. */
export async function filmAndPaper({ report, browser, plans, bob }) {
  const parts = []
  const listen = (response) => {
    if (response.status() === 206 && /^bytes \d+-\d+\/\d+$/.test(response.headers()['content-range'] ?? '')) parts.push(response)
  }

  await report.step('a film and a document are shared', async () => {
    await writeFile(join(plans, 'orchard.webm'), await film(browser))
    await writeFile(join(plans, 'orchard.pdf'), await paper(browser))
    await visit(bob, ADDRESS('family/Alice/plans'))
    for (const name of ['orchard\\.webm', 'orchard\\.pdf']) await bob.getByRole('row', { name: new RegExp(`${name}.*Not here`) }).waitFor({ timeout: 30_000 })
  }, bob)

  await report.step('a film plays, and jumps to its end before it is here', async () => {
    bob.on('response', listen)
    await visit(bob, ADDRESS('family/Alice/plans/orchard.webm', '?open'))
    await bob.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2, null, { timeout: 20_000 })
    const shown = await bob.evaluate((at) => new Promise((resolve) => {
      const video = document.querySelector('video')
      const picture = (_, { mediaTime }) => mediaTime > at - 1 ? resolve({ mediaTime, length: video.duration, width: video.videoWidth }) : video.requestVideoFrameCallback(picture)
      video.requestVideoFrameCallback(picture)
      video.currentTime = at
    }), FILM_SECONDS - 0.5)
    if (shown.length !== FILM_SECONDS || shown.width !== 640) throw new Error(JSON.stringify(shown))
    if (parts.length < 2) throw new Error(`${parts.length} answers with a part of the film`)
    await bob.locator('.facts').getByText('Not here').waitFor()
    await looks(bob, 'view-film')
  }, bob)

  await report.step('a film goes on from where it was put', async () => {
    await bob.evaluate(() => new Promise((resolve, reject) => {
      const video = document.querySelector('video')
      video.muted = true
      video.currentTime = 1
      video.ontimeupdate = () => { if (!video.paused && video.currentTime > 1.2) resolve() }
      video.play().catch(reject)
    }))
    bob.off('response', listen)
  }, bob)

  await report.step('a document is shown in place', async () => {
    await visit(bob, ADDRESS('family/Alice/plans/orchard.pdf', '?open'))
    await bob.locator('.stage iframe').waitFor({ timeout: 20_000 })
    await until(() => isPaperSeen(bob), 'the document is not seen')
    await looks(bob, 'view-document')
    await bob.getByRole('button', { name: 'Save a copy' }).first().click()
    await bob.getByRole('dialog').waitFor()
    await looks(bob, 'dialog-over-document')
    await bob.keyboard.press('Escape')
    await bob.getByRole('dialog').waitFor({ state: 'detached' })
    await bob.locator('.stage').waitFor()
    // The viewer of the browser leaves the keys to the page.
    await bob.keyboard.press('Backspace')
    await bob.getByRole('row', { name: /orchard\.pdf/ }).waitFor()
  }, bob)

  await report.step('a browser that shows no documents says so and offers to save', async () => {
    await bob.evaluate(() => Object.defineProperty(navigator, 'pdfViewerEnabled', { value: false, configurable: true }))
    await visit(bob, ADDRESS('family/Alice/plans/orchard.pdf', '?open'))
    await bob.getByText('This kind of file is not shown here').waitFor()
    if (await bob.locator('.stage iframe').count()) throw new Error('an empty frame is shown')
    await bob.locator('.stage').getByRole('button', { name: 'Save a copy' }).waitFor()
    await bob.evaluate(() => delete navigator.pdfViewerEnabled)
    await visit(bob, ADDRESS('family'))
  }, bob)
}

/** Whether a good part of the stage has the colour of the document. The viewer is the browser's own: only its picture tells. */
async function isPaperSeen(page) {
  const picture = (await page.locator('.stage').screenshot()).toString('base64')
  const share = await page.evaluate(async ({ picture, paper }) => {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0))]))
    const pen = new OffscreenCanvas(image.width, image.height).getContext('2d')
    pen.drawImage(image, 0, 0)
    const { data } = pen.getImageData(0, 0, image.width, image.height)
    let found = 0
    for (let at = 0; at < data.length; at += 4) if (paper.every((value, part) => Math.abs(data[at + part] - value) < 4)) found += 1
    return found / (image.width * image.height)
  }, { picture, paper: PAPER })
  return share > 0.2
}

async function until(isSo, otherwise) {
  const deadline = Date.now() + 20_000
  while (!await isSo()) if (Date.now() > deadline) throw new Error(otherwise)
}

export async function oddNames({ report, bob }) {
  await report.step('odd names are shown safely, every one of them', async () => {
    await visit(bob, ADDRESS('family/Alice/plans/odd names'))
    await bob.getByRole('row', { name: /__proto__/ }).waitFor()
    const shown = await bob.getByRole('grid').getAttribute('aria-rowcount')
    if (Number(shown) !== NAUGHTY.length + 1) throw new Error(`${Number(shown) - 1} of ${NAUGHTY.length} names`)
    await bob.getByRole('grid').focus()
    let text = await bob.getByRole('grid').innerText()
    await bob.keyboard.press('End')
    await bob.waitForTimeout(100)
    text += await bob.getByRole('grid').innerText()
    if (text.includes('U+200D')) throw new Error('an emoji is torn apart')
    for (const sign of ['U+202E', '␊', '␉', 'U+200B']) if (!text.includes(sign)) throw new Error(`no ${sign}`)
    if (/[\u202e\u200b\u0007\u001b]/.test(text)) throw new Error('a hidden character is in the page')
    await looks(bob, 'odd-names')
  }, bob)

  await report.step('a file with an odd name opens', async () => {
    for (const name of ['turn \u202Egnp.txt', 'a?b#c&d=e.txt', '%2e%2e%2f', 'a\nnew line.txt']) {
      await visit(bob, ADDRESS(`family/Alice/plans/odd names/${name}`, '?open'))
      await bob.locator('.stage iframe, .stage .empty').first().waitFor({ timeout: 20_000 })
    }
  }, bob)
}

export async function manyEntries({ report, bob }) {
  await report.step('a long folder draws only what is seen, and its end is one key away', async () => {
    await visit(bob, ADDRESS('family/Alice/plans/many'))
    await bob.getByRole('row', { name: /entry 0000/ }).waitFor()
    await bob.getByRole('grid').focus()
    await bob.keyboard.press('End')
    await bob.getByRole('row', { name: /entry 1199/ }).waitFor()
    const rows = await bob.getByRole('row').count()
    if (rows > 80) throw new Error(`${rows} rows are drawn`)
  }, bob)

  await report.step('a long folder is filtered and sorted at once', async () => {
    await bob.keyboard.press('f')
    await bob.keyboard.type('117')
    await bob.getByRole('row', { name: /entry 0117/ }).waitFor()
    // Twelve names hold 117; the thirteenth row is the head.
    await bob.getByRole('row', { name: /entry 0118/ }).waitFor({ state: 'detached' })
    const rows = await bob.getByRole('row').count()
    if (rows !== 13) throw new Error(`${rows} rows instead of 13`)
    await bob.keyboard.press('Escape')
    await bob.getByRole('button', { name: 'Size' }).click()
    await bob.getByRole('columnheader', { name: 'Size' }).and(bob.locator('[aria-sort=descending]')).waitFor()
  }, bob)
}
