// Documents: two people write one text, with live parts of files in it; what can't be shown is said in words; what is
// meant to harm does nothing. Any box that pops up and any complaint of the page fails the step it comes in.
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

/** What one person writes is seen by another within this. */
const SEEN_MS = 10_000
const READ_MS = 30_000

const TITLE = 'Garden <img src=x onerror=alert(1)> plan'
const ATTACKS = ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[click](javascript:alert(1))', '<svg onload=alert(1)>', '![p](http://example.invalid/track.png)', '"><iframe srcdoc="<script>alert(1)</script>">']
const COSTS = (spades) => `what,how many,note\nseeds,12,"<img src=x onerror=alert(1)>"\nspades,${spades},=cmd|' /C calc'!A0\n`

const editor = (page) => page.locator('.cm-content')
const text = (page) => page.locator('.cm-line').evaluateAll((lines) => lines.map((line) => { const copy = line.cloneNode(true); copy.querySelectorAll('.cm-peer').forEach((flag) => flag.remove()); return copy.textContent }).join('\n'))
const saved = (page) => page.getByText('Saved here').waitFor({ timeout: SEEN_MS })
const component = (page, name) => page.getByRole('figure', { name })

/** Fails when a text of somebody has become more than text. */
async function harmless(page) {
  const found = await page.evaluate(() => [...document.querySelectorAll('main :is(script, iframe[srcdoc], svg[onload], object, embed, img[onerror]), main a[href^="javascript" i]')].map((each) => each.outerHTML.slice(0, 120)))
  if (found.length) throw new Error(`markup of others is in the page: ${found.join(' ')}`)
}

async function documentOf(peers, name, title) {
  const { documents } = JSON.parse(await peers.say(name, 'doc', 'list', 'family', '--json'))
  const found = documents.find((each) => each.title.includes(title))
  if (!found) throw new Error(`${name} has no document ${title}: ${documents.map((each) => each.title)}`)
  return found
}

/** Tells how long it took until a page showed something. Benchmarks measure it; here nothing hangs on it. */
async function timed(what, act) {
  const begun = Date.now()
  await act()
  console.log(`      ${what}: ${Date.now() - begun} ms`)
}

export async function writing(house) {
  const { report, peers, alice, bob, plans } = house

  await report.step('documents are asked for with a key; an empty place says how to begin', async () => {
    await writeFile(join(plans, 'costs.csv'), COSTS(2))
    await visit(alice, '#/files')
    await alice.getByRole('row', { name: /family/ }).waitFor()
    await alice.keyboard.press('7')
    await alice.getByText('No documents yet').waitFor()
    await looks(alice, 'documents-none')
  }, alice)

  await report.step('a document is begun by keyboard alone', async () => {
    await alice.keyboard.press('n')
    await alice.getByRole('dialog', { name: 'Begin a document' }).waitFor()
    await looks(alice, 'document-new')
    await alice.keyboard.type(TITLE)
    await alice.keyboard.press('Enter')
    await editor(alice).waitFor()
    await alice.keyboard.type('The pond comes first.')
    await saved(alice)
    await harmless(alice)
  }, alice)

  await report.step('it comes to Bob by itself, and its title is only text', async () => {
    await visit(bob, '#/documents/family')
    await bob.getByRole('link', { name: /Garden/ }).waitFor({ timeout: SEEN_MS })
    await looks(bob, 'documents')
    await bob.getByRole('link', { name: /Garden/ }).focus()
    await bob.keyboard.press('Enter')
    await bob.getByText('The pond comes first.').waitFor({ timeout: SEEN_MS })
    await harmless(bob)
    await looks(bob, 'document-read')
  }, bob)

  await report.step('both write at once and come to the same text', async () => {
    await bob.keyboard.press('e')
    await editor(bob).waitFor()
    await bob.keyboard.press('Control+End')
    await bob.keyboard.press('Enter')
    await bob.keyboard.press('Enter')
    await editor(alice).focus()
    await alice.keyboard.press('Control+Home')
    await alice.keyboard.press('End')
    await Promise.all([alice.keyboard.type(' of Alice', { delay: 20 }), bob.keyboard.type('Bob brings spades.', { delay: 15 })])
    await alice.getByText('Bob brings spades.').waitFor({ timeout: SEEN_MS })
    await bob.getByText('plan of Alice').first().waitFor({ timeout: SEEN_MS })
    await Promise.all([saved(alice), saved(bob)])
    const [here, there] = [await text(alice), await text(bob)]
    if (here !== there) throw new Error(`two texts:\n${here}\n---\n${there}`)
  }, bob)

  await report.step("each sees the other's cursor with a name, and how many are here", async () => {
    await alice.locator('.cm-peer-flag', { hasText: 'Bob' }).waitFor({ timeout: SEEN_MS })
    await bob.locator('.cm-peer-flag', { hasText: 'Alice' }).waitFor({ timeout: SEEN_MS })
    await alice.getByText('1 more here').waitFor()
    await looks(alice, 'document-write')
  }, alice)

  await report.step('a link that was copied leads there: pasted into the box, and as an address', async () => {
    const { link, id } = await documentOf(peers, 'bob', 'Garden')
    await visit(bob, '#/files')
    await bob.getByRole('row', { name: /family/ }).waitFor()
    await bob.keyboard.press('/')
    await bob.keyboard.insertText(link)
    await bob.getByRole('option', { name: 'Open this link' }).waitFor()
    await bob.keyboard.press('Enter')
    await bob.waitForFunction((wanted) => location.hash.startsWith(`#/document/${wanted}`), id)
    await visit(bob, `#/go/${link.slice('althing:'.length)}`)
    await bob.waitForFunction((wanted) => location.hash.startsWith(`#/document/${wanted}`), id)
    await bob.getByText('Bob brings spades.').waitFor({ timeout: SEEN_MS })
  }, bob)
}

export async function components(house) {
  const { report, peers, alice, bob, plans } = house
  const costs = /Component: .*costs\.csv/

  await report.step('a part of a table is put in by the slash menu, by keyboard alone', async () => {
    await editor(alice).focus()
    await alice.keyboard.press('Control+End')
    await alice.keyboard.press('Enter')
    await alice.keyboard.press('Enter')
    await alice.keyboard.type('/file')
    await alice.getByRole('option', { name: /File or a part of one/, selected: true }).waitFor()
    await looks(alice, 'document-slash')
    await alice.keyboard.press('Enter')
    await alice.getByRole('dialog', { name: 'Put in a file' }).waitFor()
    await alice.keyboard.type('costs')
    await alice.getByRole('option', { name: /costs\.csv/, selected: true }).waitFor({ timeout: READ_MS })
    await alice.keyboard.press('Enter')
    await alice.getByLabel('Show', { exact: true }).selectOption('cells')
    await alice.getByLabel('Which part').fill('A1:C3')
    await alice.getByRole('dialog').getByRole('cell', { name: 'spades' }).waitFor({ timeout: SEEN_MS })
    await looks(alice, 'document-insert')
    await alice.getByLabel('Which part').press('Enter')
    await component(alice, costs).getByRole('cell', { name: 'spades' }).waitFor({ timeout: SEEN_MS })
    await component(alice, costs).getByText('Live', { exact: true }).waitFor()
  }, alice)

  await report.step('Bob has the same table from its owner, as text only', async () => {
    await component(bob, costs).getByRole('cell', { name: 'spades' }).waitFor({ timeout: SEEN_MS })
    await component(bob, costs).getByRole('cell', { name: '<img src=x onerror=alert(1)>' }).waitFor()
    await component(bob, costs).getByRole('cell', { name: /=cmd/ }).waitFor()
    await harmless(bob)
    await looks(bob, 'document-table')
  }, bob)

  await report.step('a change of the file shows in the document by itself, at both', async () => {
    await writeFile(join(plans, 'costs.csv'), COSTS(345))
    await timed('seen at both', () => Promise.all([alice, bob].map((page) => component(page, costs).getByRole('cell', { name: '345' }).waitFor({ timeout: READ_MS }))))
  }, bob)

  await report.step('pinned, it stays as it was; unpinned, it is the newest again', async () => {
    await component(alice, costs).getByRole('button', { name: /^Pin to rev/ }).click()
    await component(bob, costs).getByText(/Pinned, rev/).waitFor({ timeout: SEEN_MS })
    await writeFile(join(plans, 'costs.csv'), COSTS(678))
    await bob.waitForTimeout(1_500)
    await component(bob, costs).getByRole('cell', { name: '345' }).waitFor()
    await looks(bob, 'document-pinned')
    await component(alice, costs).getByRole('button', { name: /^Unpin/ }).click()
    await component(bob, costs).getByRole('cell', { name: '678' }).waitFor({ timeout: READ_MS })
  }, bob)

  await report.step('denied, missing and a circle are said in words', async () => {
    const { link, id } = await documentOf(peers, 'alice', 'Garden')
    const file = JSON.parse(await peers.say('alice', 'link', 'family/Alice/plans/costs.csv', '--json')).link
    const lost = file.replace(/[0-9a-f]{8}$/, (digits) => (digits === '00000000' ? '11111111' : '00000000'))
    const strange = `althing:document/${'0'.repeat(20)}/${'0'.repeat(32)}`
    const now = JSON.parse(await peers.say('alice', 'doc', 'show', id, '--json')).text
    await peers.say('alice', 'doc', 'write', id, `${now}\n\n![Lost](${lost})\n\n![Strange](${strange})\n\n![Circle](${link})\n`)
    await component(bob, /Component: .*Lost/).getByText('Missing').first().waitFor({ timeout: SEEN_MS })
    await component(bob, /Component: .*Strange/).getByText('Denied').first().waitFor({ timeout: SEEN_MS })
    await component(bob, /Component: .*Circle/).getByRole('note').waitFor({ timeout: SEEN_MS })
    await bob.getByText('Missing').first().scrollIntoViewIfNeeded()
    await looks(bob, 'document-states')
  }, bob)

  await report.step('Markdown and captions that are meant to harm do nothing', async () => {
    const { id } = await documentOf(peers, 'alice', 'Garden')
    const now = JSON.parse(await peers.say('alice', 'doc', 'show', id, '--json')).text
    const file = JSON.parse(await peers.say('alice', 'link', 'family/Alice/plans/attack.html', '--json')).link
    await peers.say('alice', 'doc', 'write', id, `${now}\n\n${ATTACKS.join('\n\n')}\n\n![<img src=x onerror=alert(1)>](${file})\n`)
    await component(bob, /onerror/).last().waitFor({ timeout: SEEN_MS })
    await bob.waitForTimeout(500)
    await harmless(bob)
    await harmless(alice)
    await looks(bob, 'document-attacks')
  }, bob)

  await report.step("a file's panel tells what links to it", async () => {
    await visit(bob, '#/files/family/Alice/plans')
    await bob.getByRole('row', { name: /costs\.csv/ }).click({ position: { x: 400, y: 10 } })
    const panel = bob.getByRole('complementary', { name: 'About this' })
    await panel.getByRole('link', { name: /Garden/ }).waitFor({ timeout: SEEN_MS })
    await looks(bob, 'links-here')
    await panel.getByRole('link', { name: /Garden/ }).first().click()
    await bob.getByText('Bob brings spades.').waitFor({ timeout: SEEN_MS })
  }, bob)
}

export async function keepingDocuments(house) {
  const { report, peers, alice, bob } = house

  await report.step('the history tells who wrote what, and brings a text back', async () => {
    await bob.keyboard.press('h')
    const panel = bob.getByRole('complementary', { name: 'Changes' })
    await panel.getByRole('button', { name: /Alice/ }).last().click()
    await bob.getByRole('region', { name: 'What this change did' }).waitFor()
    await looks(bob, 'document-changes')
    await bob.getByRole('button', { name: 'Bring this text back' }).click()
    await bob.getByText('The document has that text again').waitFor()
    await bob.keyboard.press('h')
    await saved(bob)
  }, bob)

  await report.step('who wrote what is shown when it is asked for', async () => {
    await alice.getByLabel('More', { exact: true }).first().click()
    await alice.getByRole('button', { name: 'Who wrote what' }).click()
    await alice.locator('.cm-author').first().waitFor({ timeout: SEEN_MS })
    await looks(alice, 'document-authors')
    await alice.getByLabel('More', { exact: true }).first().click()
    await alice.getByRole('button', { name: 'Hide who wrote what' }).click()
  }, alice)

  await report.step('while the peer is away typing goes on, and comes over when it is back', async () => {
    await bob.keyboard.press('e')
    await editor(bob).waitFor()
    await bob.keyboard.press('Control+End')
    await peers.kill('bob')
    try {
      await bob.keyboard.type(' Written in the dark.')
      await bob.getByText('Not saved yet').waitFor({ timeout: SEEN_MS })
      await looks(bob, 'document-away')
    } finally {
      await peers.start('bob')
    }
    await bob.getByText('Saved here').waitFor({ timeout: READ_MS })
    await alice.getByText('Written in the dark.').waitFor({ timeout: READ_MS })
    const [here, there] = [await text(alice), await text(bob)]
    if (here !== there) throw new Error(`two texts:\n${here}\n---\n${there}`)
    if (here.split('Written in the dark.').length !== 2) throw new Error('written twice')
  }, bob)

  await report.step('a reload loses nothing', async () => {
    await bob.route('**/api/pages.edit', (route) => route.abort('connectionrefused'))
    await bob.keyboard.type(' Kept over a reload.')
    await bob.getByText('Not saved yet').waitFor({ timeout: SEEN_MS })
    await bob.reload()
    await editor(bob).getByText('Kept over a reload.').waitFor({ timeout: SEEN_MS })
    await bob.unroute('**/api/pages.edit')
    await bob.getByText('Saved here').waitFor({ timeout: READ_MS })
    await alice.getByText('Kept over a reload.').waitFor({ timeout: SEEN_MS })
  }, bob)

  await report.step('a document is exported whole, with its sources', async () => {
    const file = join(await peers.folder('alice', 'exported'), 'garden.html')
    await alice.getByLabel('More', { exact: true }).first().click()
    await alice.getByRole('button', { name: 'Export' }).click()
    await alice.getByLabel('Into which file on this computer').fill(file)
    await alice.keyboard.press('Enter')
    await alice.getByText(/is written/).waitFor({ timeout: READ_MS })
    await looks(alice, 'document-exported')
    await alice.keyboard.press('Escape')
    if ((await stat(file)).size === 0) throw new Error('nothing in it')
    if (/<script|onerror=/i.test((await readFile(file, 'utf8')).replace(/&lt;[^]*?&gt;/g, ''))) throw new Error('it could run something')
  }, alice)

  await report.step('it is removed, listed as removed, and brought back', async () => {
    await alice.getByLabel('More', { exact: true }).first().click()
    await alice.getByRole('button', { name: 'Remove' }).click()
    await alice.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await alice.getByRole('button', { name: 'Show 1 removed' }).click()
    await looks(alice, 'documents-removed')
    await alice.getByRole('button', { name: 'Bring back' }).click()
    await alice.getByRole('link', { name: /Garden/ }).waitFor({ timeout: SEEN_MS })
  }, alice)

  await report.step("what's new tells of the document and of links to one's files", async () => {
    await visit(alice, '#/news')
    await alice.getByRole('link', { name: /Garden/ }).first().waitFor({ timeout: SEEN_MS })
    await alice.getByLabel('Show', { exact: true }).selectOption('document')
    await alice.getByRole('link', { name: /Garden/ }).first().waitFor()
    await looks(alice, 'news-documents')
  }, alice)
}

export async function sites(house) {
  const { report, peers, alice, bob } = house

  await report.step('a folder is published and opened at Bob', async () => {
    const folder = await peers.folder('alice', 'site')
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Notes</title><h1>Notes of Alice</h1><p>Hello')
    await visit(alice, '#/documents/family')
    await alice.getByRole('heading', { name: /Documents/ }).waitFor()
    await alice.keyboard.press('p')
    await alice.getByLabel('Folder on this computer').fill(folder)
    await alice.getByLabel('Called').fill('notes')
    await looks(alice, 'site-publish')
    await alice.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
    await alice.getByRole('dialog').waitFor({ state: 'detached' })
    await visit(bob, '#/documents/family')
    await bob.getByRole('button', { name: /^Open .*notes/ }).waitFor({ timeout: READ_MS })
    await looks(bob, 'sites')
    const opened = bob.context().waitForEvent('page')
    await bob.getByRole('button', { name: /^Open .*notes/ }).click()
    const page = await opened
    await page.getByRole('heading', { name: 'Notes of Alice' }).waitFor({ timeout: READ_MS })
    await page.close()
  }, bob)

  await report.step('two sites know nothing of each other, nor of the page, and leave nothing running', async () => {
    const folder = await peers.folder('bob', 'other')
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Other</title><h1>Of Bob</h1><script>document.title = "ran"</script>')
    await writeFile(join(folder, 'worker.js'), '')
    await peers.say('bob', 'page', 'publish', 'other', folder, '--web', 'family')
    const enter = async (site) => {
      const page = await bob.context().newPage()
      await page.goto(JSON.parse(await peers.say('bob', 'page', 'open', site, '--json')).link)
      return page
    }
    const [notes, other] = [await enter('notes'), await enter('other')]
    await other.getByRole('heading', { name: 'Of Bob' }).waitFor({ timeout: READ_MS })
    if ((await other.title()) !== 'Other') throw new Error('an inline script ran')
    await notes.evaluate(() => { localStorage.setItem('secret', '1'); document.cookie = 'secret=1; Path=/'; document.cookie = 'secret=1; Domain=localhost; Path=/' })
    const control = new URL(bob.url()).origin
    const seen = await other.evaluate(async ([there, control]) => {
      const reached = (address, options) => fetch(address, options).then((answer) => `${answer.type} ${answer.status}`, () => 'blocked')
      return {
        storage: localStorage.getItem('secret'),
        cookie: document.cookie,
        site: await reached(there, { credentials: 'include', mode: 'no-cors' }),
        api: await reached(`${control}/api/host.status`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
        worker: await navigator.serviceWorker.register('/worker.js').then(() => 'registered', () => 'refused')
      }
    }, [notes.url(), control])
    const wanted = { storage: null, cookie: '', site: 'blocked', api: 'blocked', worker: 'refused' }
    for (const [what, is] of Object.entries(wanted)) if (seen[what] !== is) throw new Error(`${what}: ${seen[what]}`)
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Other</title><h1>Changed by Bob</h1>')
    await other.getByRole('heading', { name: 'Changed by Bob' }).waitFor({ timeout: SEEN_MS })
    await notes.close()
    await other.close()
    await peers.say('bob', 'page', 'remove', 'other')
  }, bob)

  await report.step('its versions are listed; taken away, it is gone for all', async () => {
    await alice.getByLabel(/^More about .*notes/).click()
    await alice.getByRole('button', { name: 'Versions' }).click()
    await alice.getByRole('dialog', { name: /Versions of/ }).getByRole('listitem').first().waitFor()
    await looks(alice, 'site-versions')
    await alice.keyboard.press('Escape')
    await alice.getByLabel(/^More about .*notes/).click()
    await alice.getByRole('button', { name: 'Take it away' }).click()
    await alice.getByRole('dialog').getByRole('button', { name: 'Take it away' }).click()
    await bob.getByText('No folder is published yet.').waitFor({ timeout: READ_MS })
  }, alice)
}

/** The scripts of the first page are counted later; those of documents are not among them in a window opened anew. */
export async function openAnew({ report, alice }) {
  await report.step('a reload comes back to the same place', async () => {
    await alice.reload()
    await alice.getByRole('heading', { name: /Documents of/ }).waitFor()
  }, alice)
}
