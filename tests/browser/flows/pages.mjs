// Every page looked at in all looks; what happens when the peer goes away; how heavy the page is.
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

/** JavaScript of the first page, gzipped, at most (UI.md). */
const SCRIPT_BYTES_MAX = 150_000

export async function news({ report, alice, bob }) {
  await report.step("what's new tells of the changed file and of who came", async () => {
    await visit(bob, '#/news')
    await bob.getByText(/Q4 Roadmap\.md/).first().waitFor({ timeout: 15_000 })
    await visit(alice, '#/news')
    await alice.getByText(/bob/i).first().waitFor()
    await looks(bob, 'news')
  }, bob)
}

export async function pages({ report }, page, name) {
  const places = [['webs', '#/files'], ['people', '#/people'], ['transfers', '#/transfers'], ['news-all', '#/news'], ['search', '#/search'], ['computers-all', '#/computers'], ['jobs-all', '#/jobs'], ['tunnels-all', '#/tunnels'], ['rooms-all', '#/rooms'], ['mail-all', '#/mail']]
  for (const [place, hash] of places) {
    await report.step(`${name}: ${place} in all looks`, async () => {
      await visit(page, hash)
      await page.waitForTimeout(400)
      await looks(page, `${name}-${place}`)
    }, page)
  }

  await report.step(`${name}: the people of a web, with its log`, async () => {
    await visit(page, '#/people')
    await page.locator('.cards a').first().click()
    await page.getByText('What changed who belongs to this web').click()
    await page.waitForTimeout(400)
    await looks(page, `${name}-web`)
  }, page)

  await report.step(`${name}: the status line leads to this computer`, async () => {
    await page.getByRole('button', { name: /kept here/ }).click()
    await page.getByRole('dialog', { name: 'This computer' }).waitFor()
    await looks(page, `${name}-computer`)
    await page.keyboard.press('Escape')
  }, page)

  await report.step(`${name}: the page's scripts are light`, async () => {
    // What the first page needs: sections that were looked at before have loaded theirs, too.
    await visit(page, '#/files')
    await page.reload()
    await page.locator('nav').first().waitFor()
    const scripts = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name).filter((url) => url.endsWith('.js')))
    const bytes = await page.evaluate(async (urls) => {
      let sum = 0
      for (const url of urls) {
        const packed = (await fetch(url)).body.pipeThrough(new CompressionStream('gzip'))
        sum += (await new Response(packed).arrayBuffer()).byteLength
      }
      return sum
    }, scripts)
    console.log(`      ${bytes} bytes gzipped`)
    if (bytes === 0 || bytes > SCRIPT_BYTES_MAX) throw new Error(`${bytes} bytes`)
  }, page)
}

export async function outage({ report, peers, alice }) {
  await report.step('when the peer goes away the page says so and keeps what it shows', async () => {
    await visit(alice, '#/files/family/Alice/plans')
    await alice.getByRole('row', { name: /Q4 Roadmap/ }).waitFor()
    await peers.kill('alice')
    await alice.getByText('This window tries again by itself').waitFor({ timeout: 15_000 })
    await alice.getByRole('row', { name: /Q4 Roadmap/ }).waitFor()
    await looks(alice, 'peer-away')
  }, alice)

  await report.step('when it comes back the page goes on by itself', async () => {
    await peers.start('alice')
    await alice.getByText('This window tries again by itself').waitFor({ state: 'detached', timeout: 30_000 })
    await alice.getByRole('link', { name: /What's new/ }).click()
    await alice.getByRole('heading', { name: "What's new" }).waitFor()
  }, alice)
}
