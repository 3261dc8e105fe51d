// The main job by keyboard alone: find a file by a few letters, open it, get it, see that it changed.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { chooseInBox } from './search.mjs'

export async function finding({ report, bob, plans }) {
  await report.step('a few letters find the file, with the letters marked', async () => {
    await bob.keyboard.press('/')
    await bob.keyboard.type('road')
    const hit = bob.getByRole('option', { name: /Q4 Roadmap\.md/ })
    await hit.waitFor({ timeout: 20_000 })
    if ((await hit.locator('mark').first().textContent())?.toLowerCase() !== 'road') throw new Error('no letters marked')
    await looks(bob, 'finding')
  }, bob)

  await report.step('arrows choose it and Enter opens it, verified while it comes', async () => {
    await chooseInBox(bob, /Q4 Roadmap\.md/)
    await bob.keyboard.press('Enter')
    await bob.frameLocator('iframe').getByRole('heading', { name: 'Q4 Roadmap' }).waitFor({ timeout: 20_000 })
  }, bob)

  await report.step('Backspace goes up, arrows choose, g gets', async () => {
    await bob.keyboard.press('Backspace')
    await bob.getByRole('row', { name: /Q4 Roadmap/ }).waitFor()
    await choose(bob, 'Q4 Roadmap.md')
    await bob.keyboard.press('g')
    await bob.getByRole('row', { name: /Q4 Roadmap.*Kept here/ }).waitFor({ timeout: 20_000 })
  }, bob)

  await report.step('a change at Alice shows at Bob by itself, and g brings it', async () => {
    await writeFile(join(plans, 'Q4 Roadmap.md'), '# Q4 Roadmap\n\nPlant the orchard. Dig the pond.\n')
    const begun = Date.now()
    await bob.getByRole('row', { name: /Q4 Roadmap.*rev 2 at Alice, you have rev 1/i }).waitFor({ timeout: 20_000 })
    console.log(`      seen ${Date.now() - begun} ms after it was saved`)
    await looks(bob, 'older-here')
    await choose(bob, 'Q4 Roadmap.md')
    await bob.keyboard.press('g')
    await bob.getByRole('row', { name: /Q4 Roadmap.*Kept here/ }).waitFor({ timeout: 20_000 })
  }, bob)

  await report.step('the panel tells who has it and its revisions', async () => {
    const panel = bob.getByRole('complementary', { name: 'About this' })
    await panel.getByText('rev 2, newest').first().waitFor()
    await panel.getByRole('link', { name: 'rev 1' }).waitFor()
    await looks(bob, 'panel')
  }, bob)
}

export async function everyKey({ report, bob }) {
  await report.step('? shows the keys, Escape closes them', async () => {
    await bob.keyboard.press('?')
    await bob.getByRole('dialog', { name: 'Keys' }).waitFor()
    await looks(bob, 'keys')
    await bob.keyboard.press('Escape')
    await bob.getByRole('dialog').waitFor({ state: 'detached' })
  }, bob)

  await report.step('1 to 6 go to the sections, i opens and closes the panel', async () => {
    for (const [key, place] of [['2', '#/people'], ['3', '#/news'], ['4', '#/transfers'], ['5', '#/search'], ['6', '#/computers'], ['1', '#/files']]) {
      await bob.keyboard.press(key)
      await bob.waitForFunction((hash) => location.hash.startsWith(hash), place)
    }
    const panel = bob.getByRole('complementary', { name: 'About this' })
    await panel.waitFor()
    await bob.keyboard.press('i')
    await panel.waitFor({ state: 'detached' })
    await bob.keyboard.press('i')
    await panel.waitFor()
  }, bob)

  await report.step('> runs a command', async () => {
    await bob.keyboard.press('>')
    await bob.keyboard.type('light and')
    await looks(bob, 'commands')
    await bob.keyboard.press('Enter')
    await bob.waitForFunction(() => document.documentElement.dataset.theme === 'dark')
    await bob.evaluate(() => localStorage.clear())
    await bob.reload()
    await bob.getByRole('navigation', { name: 'Webs and sections' }).waitFor()
  }, bob)
}

/** Chooses a row with the arrow keys. */
async function choose(page, name) {
  await page.getByRole('grid').focus()
  await page.keyboard.press('Home')
  for (let count = 0; count < 40; count += 1) {
    const chosen = page.locator('[role=row][aria-selected=true]')
    if ((await chosen.count()) > 0 && (await chosen.innerText()).includes(name)) return
    await page.keyboard.press('ArrowDown')
  }
  throw new Error(`${name} was not reached`)
}
