// Search: names while typing, texts at everybody who is here, what narrows it, and searches that are kept and ring.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { ADDRESS, visit } from './files.mjs'

/** An index takes in what came within some seconds. */
const INDEX_MS = 30_000

const TEXT = 'Über den Teich: the heron comes to the orchard in April, before the frost is over.\n'

/** Chooses an entry of the one box with the arrow keys. */
export async function chooseInBox(page, name) {
  await page.getByRole('option', { name }).first().waitFor({ timeout: INDEX_MS })
  for (let count = 0; count < 20; count += 1) {
    if (await page.getByRole('option', { name, selected: true }).count()) return
    await page.keyboard.press('ArrowDown')
  }
  throw new Error(`${name} was not reached`)
}

/** Searches by the box until something is found: the index at the other peer may still be taking it in. */
async function search(page, words, found) {
  const deadline = Date.now() + INDEX_MS
  for (;;) {
    await page.keyboard.press('/')
    await page.keyboard.press('Control+a')
    await page.keyboard.type(words)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Search/ }).waitFor()
    await page.locator('ol[aria-busy=false], .empty').first().waitFor()
    if (await found.count()) return
    if (Date.now() > deadline) throw new Error(`${words} is not found: ${await page.locator('main').innerText()}`)
  }
}

/** The hits of a search for visitors. */
const visitors = (page) => page.getByRole('list', { name: /visitors/ }).getByRole('listitem')

export async function searching({ report, peers, bob }) {
  const hit = visitors(bob)

  await report.step('a name is shown while it is typed, and opened with two keys', async () => {
    await visit(bob, '#/files')
    await bob.getByRole('row', { name: /family/ }).waitFor()
    await bob.keyboard.press('/')
    await bob.keyboard.type('budg')
    await chooseInBox(bob, /budget\.csv/)
    if ((await bob.getByRole('option', { selected: true }).locator('mark').first().textContent()) !== 'budg') throw new Error('no letters marked')
    await bob.keyboard.press('Enter')
    await bob.waitForFunction(() => decodeURIComponent(location.hash).includes('/budget.csv?open'))
  }, bob)

  await report.step('a text at Alice is found by Bob, with the words and how many answered', async () => {
    const garden = await peers.folder('alice', 'garden')
    await writeFile(join(garden, 'visitors.md'), TEXT)
    await writeFile(join(garden, 'visitors again.md'), TEXT)
    await peers.say('alice', 'share', 'family', garden)
    await visit(bob, ADDRESS('family/Alice/garden'))
    await bob.getByRole('row', { name: /visitors\.md.*Not here/ }).waitFor({ timeout: INDEX_MS })
    await visit(bob, '#/files')
    await search(bob, 'heron teich', bob.getByRole('list', { name: /heron/ }).getByRole('listitem'))
    const marks = await bob.getByRole('listitem').locator('mark').allTextContents()
    if (!marks.includes('heron') || !marks.includes('Teich')) throw new Error(`marked: ${marks}`)
    await bob.getByText('2 of 2 members answered').first().waitFor()
    await bob.getByText(/newest, at Alice/).first().waitFor()
    await bob.getByText('here now').first().waitFor()
    await bob.getByText('1 found').first().waitFor()
    await looks(bob, 'search-results')
  }, bob)

  await report.step('a hit is opened by keyboard alone, and the way back finds it as it was left', async () => {
    await bob.keyboard.press('ArrowDown')
    const name = await bob.evaluate(() => document.activeElement.textContent)
    await bob.keyboard.press('Enter')
    await bob.frameLocator('iframe').getByText('heron').waitFor({ timeout: 20_000 })
    await bob.goBack()
    await bob.waitForFunction((wanted) => document.activeElement?.textContent === wanted, name)
  }, bob)

  await report.step('what narrows a search stands in the address and outlives a reload', async () => {
    await bob.getByLabel('Kind', { exact: true }).selectOption('pictures')
    await bob.getByLabel('Changed').selectOption('7')
    await bob.getByText(/Nothing found for/).waitFor()
    await bob.getByText(/only pictures, changed in the last week/).waitFor()
    await bob.reload()
    await bob.getByText(/Nothing found for/).waitFor()
    if (await bob.getByLabel('Kind', { exact: true }).inputValue() !== 'pictures') throw new Error('the kind is lost')
    await looks(bob, 'search-nothing')
    await bob.getByRole('button', { name: 'Search without limits' }).click()
    await bob.getByRole('list', { name: /heron/ }).getByRole('listitem').first().waitFor()
    await bob.getByLabel('Kind', { exact: true }).selectOption('md')
    await bob.getByRole('list', { name: /heron/ }).getByRole('listitem').first().waitFor()
  }, bob)

  await report.step('a search begins in the folder one is in', async () => {
    await visit(bob, ADDRESS('family/Alice/plans/pictures'))
    await bob.getByRole('row', { name: /pond\.png/ }).waitFor()
    await bob.keyboard.press('/')
    await bob.keyboard.type('visitors')
    await chooseInBox(bob, /Search for .*visitors.* in .*pictures/)
    await bob.keyboard.press('Enter')
    await bob.getByText(/Nothing found for/).waitFor()
    await bob.getByRole('button', { name: /in .*pictures/ }).click()
    // One content is one hit; the other place is named.
    await hit.getByText('Also at').waitFor()
    await bob.getByText('1 found').first().waitFor()
    await looks(bob, 'search-copies')
  }, bob)

  await report.step('what cannot be searched for is said in words', async () => {
    await visit(bob, '#/search/%3F!')
    await bob.getByRole('alert').getByText(/there is no word in/i).waitFor()
    await visit(bob, '#/search/heron?person=Nobody')
    await bob.getByRole('alert').getByText(/nobody is called so/i).waitFor()
    await looks(bob, 'search-refused')
  }, bob)
}

export async function keeping({ report, peers, bob }) {
  const song = join(await peers.folder('alice', 'garden'), 'sparrow song.txt')
  const messages = bob.getByRole('region', { name: 'Messages' })

  await report.step('a search is kept by keyboard alone', async () => {
    await visit(bob, '#/files')
    await bob.getByRole('row', { name: /family/ }).waitFor()
    await bob.keyboard.press('/')
    await bob.keyboard.type('sparrow')
    await bob.keyboard.press('Enter')
    await bob.getByText(/Nothing found for/).waitFor()
    await bob.getByRole('button', { name: 'Keep this search' }).focus()
    await bob.keyboard.press('Enter')
    await bob.getByRole('button', { name: 'Kept', exact: true }).waitFor()
    await messages.getByText(/sparrow.* is kept/).waitFor()
  }, bob)

  await report.step('it rings when Alice adds a file, wherever Bob is', async () => {
    await visit(bob, '#/people/family')
    await writeFile(song, 'chirp\n')
    await messages.getByText(/sparrow.* rang: .*sparrow song\.txt/).waitFor({ timeout: INDEX_MS })
    await bob.getByRole('link', { name: /Search.*1 new thing/ }).waitFor()
    await looks(bob, 'search-rang')
  }, bob)

  await report.step('kept searches tell what they rang for, and the count goes', async () => {
    await bob.keyboard.press('5')
    await bob.getByText(/rang once/).waitFor()
    await bob.getByText('New', { exact: true }).waitFor()
    await bob.getByRole('link', { name: /new thing.* of kept searches/ }).waitFor({ state: 'detached' })
    await looks(bob, 'search-kept')
    await bob.getByRole('link', { name: 'sparrow song.txt' }).click()
    await bob.frameLocator('iframe').getByText('chirp').waitFor({ timeout: 20_000 })
  }, bob)

  await report.step('it rings for a newer revision, and no more once it is dropped', async () => {
    await writeFile(song, 'chirp, chirp\n')
    await messages.getByText(/sparrow.* rang/).waitFor({ timeout: INDEX_MS })
    await bob.keyboard.press('5')
    await bob.getByText(/rang 2 times/).waitFor()
    await bob.getByRole('button', { name: /^Drop .*sparrow/ }).click()
    await bob.getByText('No search is kept').waitFor()
    await looks(bob, 'search-none-kept')
    await visit(bob, ADDRESS('family'))
  }, bob)
}

export async function searchingAlone({ report, peers, alice, bob }) {
  const hit = visitors(bob)

  await report.step('who does not answer is named, and names are found all the same', async () => {
    await visit(bob, '#/files')
    await bob.getByRole('row', { name: /family/ }).waitFor()
    await peers.kill('alice')
    try {
      await search(bob, 'visitors', hit)
      // A word that Alice has: of others her summary says after some minutes that she need not be asked.
      await search(bob, 'heron', bob.getByRole('list', { name: /heron/ }).getByRole('listitem'))
      await bob.getByText(/(1 of 2|2 of 3) members answered/).first().waitFor()
      await bob.getByRole('button', { name: /No answer from .*Alice/ }).waitFor()
      await looks(bob, 'search-away')
    } finally {
      await peers.start('alice')
    }
    await alice.getByText('This window tries again by itself').waitFor({ state: 'detached', timeout: 30_000 })
  }, bob)
}
