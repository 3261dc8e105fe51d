// Sharing, odd names, long folders, and files shown in place.
import { looks } from '../browser.mjs'
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
    for (const name of ['turn \u202Egnp.exe', 'a?b#c&d=e.txt', '%2e%2e%2f', 'a\nnew line.txt']) {
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
