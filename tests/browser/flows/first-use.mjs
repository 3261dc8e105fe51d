// From a window without a session to a web of one's own, by mouse; and into it by an invitation, by keyboard alone.
import { looks } from '../browser.mjs'

export async function firstUse({ report, peers, alice }) {
  const link = await peers.link('alice')
  const address = new URL('/', link).href

  await report.step('a window without a session says how to get one', async () => {
    await alice.goto(address)
    await alice.getByText('althing page', { exact: true }).waitFor()
    await looks(alice, 'locked')
  }, alice)

  await report.step('a wrong code is refused in words', async () => {
    await alice.goto('about:blank')
    await alice.goto(`${address}#code=0000000000000000`)
    await alice.getByRole('alert').waitFor()
  }, alice)

  await report.step('a link opens the page and the code leaves the address', async () => {
    await alice.goto('about:blank')
    await alice.goto(link)
    await alice.getByLabel('Your name').waitFor()
    if (alice.url().includes('code')) throw new Error(`the code is still in ${alice.url()}`)
    await looks(alice, 'welcome-name')
  }, alice)

  await report.step('the same link does not open a second window', async () => {
    const context = await alice.context().browser().newContext()
    const other = await context.newPage()
    await other.goto(link)
    await other.getByRole('alert').waitFor()
    await context.close()
  })

  await report.step('a name and two choices', async () => {
    await alice.getByLabel('Your name').fill('Alice')
    await alice.getByRole('button', { name: 'Continue' }).click()
    await alice.getByRole('button', { name: 'Start a web' }).waitFor()
    await looks(alice, 'welcome-choice')
  }, alice)

  await report.step('a web is started by mouse', async () => {
    await alice.getByRole('button', { name: 'Start a web' }).click()
    await alice.getByLabel('Name of the web').fill('family')
    await looks(alice, 'welcome-start')
    await alice.getByRole('button', { name: 'Start the web' }).click()
    await alice.getByRole('row', { name: /alice/i }).waitFor()
    await alice.getByText('You are the only one here').waitFor()
    await looks(alice, 'young-web')
  }, alice)

  await report.step('a reload comes back to the same place without a new link', async () => {
    await alice.reload()
    await alice.getByRole('row', { name: /alice/i }).waitFor()
    if (!alice.url().includes('#/files/family')) throw new Error(`came back to ${alice.url()}`)
  }, alice)

  await report.step('a second window takes the session from the first', async () => {
    const second = await alice.context().newPage()
    await second.goto(address)
    await second.getByRole('navigation', { name: 'Webs and sections' }).waitFor()
    await second.close()
  }, alice)
}

/** Bob never touches the mouse. */
export async function joinByKeyboard(house) {
  const { report, peers, bob } = house
  await report.step('a damaged invitation is refused before anybody is asked', async () => {
    await bob.goto(await peers.link('bob'))
    await bob.getByLabel('Your name').waitFor()
    await bob.keyboard.type('Bob')
    await bob.keyboard.press('Enter')
    await bob.getByRole('button', { name: 'I have an invitation' }).waitFor()
    await press(bob, 'Tab', () => bob.evaluate(() => document.activeElement?.tagName === 'BUTTON' && document.activeElement.textContent.includes('I have an invitation')))
    await bob.keyboard.press('Enter')
    // Another letter, whatever the last one was.
    await bob.keyboard.insertText(`${house.invitation.slice(0, -1)}${house.invitation.endsWith('q') ? 'p' : 'q'}`)
    await bob.getByText('a letter is wrong or missing').first().waitFor()
  }, bob)

  await report.step('the invitation tells who invites to what', async () => {
    await bob.keyboard.press('Control+a')
    await bob.keyboard.insertText(house.invitation)
    await bob.getByText(/Alice.* invites you to .*family/).waitFor()
    await looks(bob, 'invitation')
  }, bob)

  await report.step('Bob joins by keyboard alone', async () => {
    await bob.getByLabel('Invitation', { exact: true }).focus()
    await press(bob, 'Tab', () => bob.evaluate(() => document.activeElement?.textContent?.trim() === 'Join'))
    await bob.keyboard.press('Enter')
    await bob.getByRole('button', { name: /Open .*family/ }).waitFor({ timeout: 30_000 })
    await looks(bob, 'joined')
    await press(bob, 'Tab', () => bob.evaluate(() => /^\s*Open/.test(document.activeElement?.textContent ?? '') && document.activeElement.tagName === 'BUTTON'))
    await bob.keyboard.press('Enter')
    await bob.getByRole('row', { name: /alice/i }).waitFor()
  }, bob)

  await report.step('Alice sees Bob come by herself', async () => {
    await house.alice.getByRole('link', { name: 'People' }).first().click()
    await house.alice.getByRole('link', { name: 'Bob' }).waitFor({ timeout: 20_000 })
  }, house.alice)
}

/** Presses a key until something holds; fails rather than going round for ever. */
export async function press(page, key, holds, times = 40) {
  for (let count = 0; count < times; count += 1) {
    if (await holds()) return
    await page.keyboard.press(key)
  }
  throw new Error(`${key} pressed ${times} times in vain`)
}
