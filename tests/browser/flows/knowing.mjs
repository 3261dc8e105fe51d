// Who is who: names of one's own, safety codes, a web with people one knows, and its end.
import { readFile } from 'node:fs/promises'
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

const closed = async (page) => {
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

export async function knowing({ report, alice, bob }) {
  await report.step('Alice gives Bob a name of her own, which stands in people and paths', async () => {
    await visit(alice, '#/people/family')
    await alice.getByRole('button', { name: /^About .*Bob/ }).click()
    await alice.getByLabel('Your name for this person').fill('Uncle Bob')
    await alice.getByLabel('Your name for this person').press('Enter')
    await alice.getByRole('dialog', { name: /Uncle Bob/ }).waitFor()
    await looks(alice, 'about-person')
    await closed(alice)
    await alice.getByRole('link', { name: 'Uncle Bob' }).waitFor()
    await visit(alice, '#/files/family')
    await alice.getByRole('row', { name: /Uncle Bob/ }).waitFor()
  }, alice)

  await report.step('both see the same safety code, and the text of one verifies at the other', async () => {
    const shown = async (page, name) => {
      await visit(page, '#/people/family')
      await page.getByRole('button', { name: new RegExp(`^About .*${name}`) }).click()
      await page.getByRole('button', { name: 'Show the code' }).click()
      return (await page.getByLabel('The safety code, 10 groups of 5 digits').innerText()).replace(/\s+/g, '')
    }
    const [hers, his] = [await shown(alice, 'Uncle Bob'), await shown(bob, 'Alice')]
    if (hers !== his || !/^\d{50}$/.test(hers)) throw new Error(`${hers} and ${his}`)
    await bob.getByText('Compare by QR code or text').click()
    const text = await bob.getByLabel('Text of the safety code').inputValue()
    await closed(bob)
    await alice.getByText('Compare by QR code or text').click()
    await alice.waitForFunction(() => document.querySelector('dialog img')?.naturalWidth > 0)
    await alice.getByLabel(/What the computer of .* shows/).fill(text)
    await alice.getByRole('button', { name: 'Compare' }).click()
    await alice.getByRole('button', { name: 'Not verified any more' }).waitFor()
    await looks(alice, 'safety-code')
    await closed(alice)
    await alice.getByRole('listitem').filter({ hasText: 'Uncle Bob' }).getByText('verified').waitFor()
    await alice.getByRole('button', { name: /^About .*Uncle Bob/ }).click()
    await alice.getByRole('button', { name: 'Take it away' }).click()
    await alice.getByRole('dialog', { name: /^\W*Bob/ }).waitFor()
    await closed(alice)
  }, alice)
}

export async function meeting({ report, alice, bob }) {
  await report.step('a web with Bob is one step, and one click for Bob', async () => {
    await visit(alice, '#/people')
    await alice.getByRole('button', { name: 'Add a web' }).first().click()
    await alice.getByRole('button', { name: /A web with people you know/ }).click()
    await alice.getByLabel('Name of the web').fill('present')
    await alice.getByRole('checkbox', { name: /Bob/ }).check()
    await looks(alice, 'web-with-people')
    await alice.getByRole('button', { name: 'Start it with 1 person' }).click()
    await visit(bob, '#/news')
    const join = bob.getByRole('button', { name: /^Join .*present/ })
    await join.waitFor({ timeout: 30_000 })
    await looks(bob, 'invited-by-a-person')
    await join.click()
    await bob.getByRole('button', { name: /^Open .*present/ }).click({ timeout: 40_000 })
    await visit(bob, '#/people/present')
    await bob.getByRole('link', { name: 'Alice' }).waitFor()
  }, bob)

  await report.step('its log is told by kind and taken out; its owner dissolves it', async () => {
    await visit(alice, '#/people/present')
    await alice.getByText('What changed who belongs to this web').click()
    await alice.getByLabel('Act', { exact: true }).selectOption('join')
    await alice.locator('details ol li').filter({ hasText: 'Bob' }).waitFor()
    if (await alice.locator('details ol li').filter({ hasText: 'new key' }).count()) throw new Error('keys are told as joins')
    const saving = alice.waitForEvent('download')
    await alice.getByRole('button', { name: 'Export as table' }).click()
    const text = await readFile(await (await saving).path(), 'utf8')
    if (!text.startsWith('"time","by"') || !text.includes('"join"')) throw new Error(text.slice(0, 200))
    await looks(alice, 'log')
    await alice.getByRole('button', { name: 'Dissolve this web' }).click()
    await alice.getByRole('dialog').getByRole('button', { name: 'Dissolve this web' }).click()
    await alice.getByRole('dialog').waitFor({ state: 'detached' })
    await bob.getByText('You are no longer in this web').first().waitFor({ timeout: 20_000 })
  }, alice)
}
