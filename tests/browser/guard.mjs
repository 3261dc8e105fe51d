// A harmful file in Alice's share: a rule that she brings into force meets it, Bob is warned, and she opens it all the same.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from './browser.mjs'
import { ADDRESS, visit } from './flows/files.mjs'

/** What is said in a web comes to others within about a second; a busy machine takes longer, and rules are made ready first. */
const HEARD_MS = 60_000
const LETTER = 'love-letter.txt.vbs'
const PLANTED = 'PLANTED-IN-A-LOVE-LETTER'
/** Written as an expression, so that the file of rules does not meet its own rule. */
const RULES = `rule planted_letter {
    meta:
        description = "What the test of the page plants"
        severity = "harmful"
        licence = "MIT OR Apache-2.0"
    strings:
        $planted = /PLANTED-IN-A-LOVE-LETTE[R]/
    condition:
        $planted
}
`
const WHY = 'I wrote it myself, for a test'

const section = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /^Guard/ })
const shut = (page) => page.getByRole('list', { name: 'Files that are held or warned of' })
const letter = (page) => shut(page).getByRole('listitem').filter({ hasText: LETTER })
const sets = (page) => page.getByRole('list', { name: 'Sets of rules' }).getByRole('listitem')
const path = 'family/Alice/post'

export async function guarding(house) {
  await lookingAround(house)
  await offeringRules(house)
  await meetingIt(house)
  await hearingOfIt(house)
  await openingIt(house)
  await switching(house)
}

async function lookingAround({ report, alice }) {
  await report.step('w goes to the guard, which says what it does here', async () => {
    await visit(alice, '#/files/family')
    await alice.getByRole('grid').first().waitFor()
    await alice.keyboard.press('w')
    await alice.getByRole('heading', { name: /Guard of .*family/ }).waitFor()
    await alice.getByText('The guard of this computer is on', { exact: true }).waitFor()
    await looks(alice, 'guard')
  }, alice)

  await report.step('each computer says how it is protected', async () => {
    await alice.getByRole('navigation', { name: 'Parts of the guard' }).getByRole('link', { name: 'Computers' }).click()
    const rows = alice.getByRole('table', { name: /Computers of .*family/ }).getByRole('row')
    await rows.filter({ hasText: 'you' }).filter({ hasText: 'On' }).waitFor({ timeout: HEARD_MS })
    await rows.filter({ hasText: 'Bob' }).first().waitFor({ timeout: HEARD_MS })
    await looks(alice, 'guard-computers')
  }, alice)
}

async function offeringRules({ report, peers, alice }) {
  await report.step('a file of rules, found by letters of its name, comes into force', async () => {
    const folder = await peers.folder('alice', 'post')
    await writeFile(join(folder, LETTER), `' kindly check the attached\n' ${PLANTED}\n`)
    await writeFile(join(folder, 'to grandma.txt'), 'The pond is frozen over.\n')
    await writeFile(join(folder, 'planted.yar'), RULES)
    await peers.say('alice', 'share', 'family', folder)
    await visit(alice, ADDRESS(path))
    await alice.getByRole('row', { name: /planted\.yar.*Kept here/ }).waitFor({ timeout: HEARD_MS })
    await visit(alice, '#/guard/family?show=rules')
    await sets(alice).filter({ hasText: 'built in' }).waitFor()
    await alice.keyboard.press('n')
    const dialog = alice.getByRole('dialog', { name: 'Offer a set of rules' })
    await dialog.getByRole('combobox', { name: 'File with YARA rules' }).fill('planted')
    await dialog.getByRole('option', { name: /planted\.yar/ }).waitFor()
    await alice.keyboard.press('ArrowDown')
    await alice.keyboard.press('Enter')
    await dialog.getByText(/comes into force on all computers/).waitFor()
    await looks(alice, 'guard-rules-offer')
    await dialog.getByRole('button', { name: 'Offer it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await sets(alice).filter({ hasText: 'planted.yar' }).getByText('In force.').waitFor({ timeout: HEARD_MS })
    await looks(alice, 'guard-rules')
  }, alice)
}

async function meetingIt({ report, alice }) {
  await report.step('looking through the share meets the rule, and the tree shows it', async () => {
    await visit(alice, ADDRESS(path))
    await alice.getByRole('row', { name: /to grandma/ }).waitFor()
    await alice.getByRole('complementary', { name: 'About this' }).getByRole('button', { name: /^Look through .*post/ }).click()
    await alice.getByText(/3 files looked through: 1 harmful/).waitFor({ timeout: HEARD_MS })
    await alice.getByRole('row', { name: /Quarantined.*love-letter/ }).waitFor()
    await looks(alice, 'guard-tree')
  }, alice)

  await report.step('in place of the file stand why it is shut and what can be done', async () => {
    await visit(alice, ADDRESS(`${path}/${LETTER}`, '?open'))
    const panel = alice.getByRole('region', { name: 'This file is quarantined' })
    await panel.getByText('planted_letter').first().waitFor()
    if (await alice.locator('.stage iframe').count()) throw new Error('the file is shown')
    await looks(alice, 'guard-shut')
    await panel.getByRole('link', { name: 'Show in Guard' }).click()
    await alice.getByRole('heading', { name: LETTER }).waitFor()
    await alice.getByRole('list', { name: 'Found on this computer' }).getByText('planted_letter').waitFor()
    await alice.getByRole('list', { name: /Persons of .*family/ }).getByText(/shows it/).first().waitFor()
    await looks(alice, 'guard-file')
  }, alice)
}

async function hearingOfIt({ report, bob }) {
  await report.step('Bob is told, and sees who warns of it', async () => {
    await section(bob).waitFor({ timeout: HEARD_MS })
    await visit(bob, '#/guard/family')
    await letter(bob).getByText(/Alice/).waitFor({ timeout: HEARD_MS })
    await letter(bob).getByRole('link', { name: LETTER }).click()
    await bob.getByRole('list', { name: 'Who warns' }).getByText('Rule planted_letter.').first().waitFor()
    await looks(bob, 'guard-heard')
  }, bob)
}

async function openingIt({ report, peers, alice }) {
  await report.step('opened all the same, after the danger is said; the log tells who and why', async () => {
    await visit(alice, ADDRESS(`${path}/${LETTER}`, '?open'))
    await alice.getByRole('region', { name: 'This file is quarantined' }).getByRole('button', { name: 'Open all the same' }).click()
    const dialog = alice.getByRole('dialog', { name: /Open .*love-letter.* all the same/ })
    await dialog.getByText(/encrypt, destroy or give away/).waitFor()
    await dialog.getByLabel('Why').fill(WHY)
    await looks(alice, 'guard-release')
    await dialog.getByRole('button', { name: 'Open all the same' }).click()
    await dialog.waitFor({ state: 'detached' })
    await alice.frameLocator('iframe').getByText(PLANTED).waitFor({ timeout: 20_000 })
    await visit(alice, '#/guard/family?show=history')
    const entry = alice.getByRole('list', { name: 'Log of the guard' }).getByRole('listitem').filter({ hasText: WHY })
    await entry.getByText(/allowed on this computer/).waitFor()
    await looks(alice, 'guard-history')
    const { entries } = JSON.parse(await peers.say('alice', 'guard', 'log', '--json'))
    if (!entries.some(({ name, who, why }) => name === LETTER && who === 'you' && why === WHY)) throw new Error(JSON.stringify(entries.slice(0, 5)))
  }, alice)

  await report.step('what is allowed here is held no more, but is not forgotten', async () => {
    await visit(alice, '#/guard/family')
    await alice.getByRole('list', { name: 'Files that are not held' }).getByRole('listitem').filter({ hasText: LETTER }).getByText('Allowed here').waitFor()
    if (await letter(alice).count()) throw new Error('it is still held')
  }, alice)
}

async function switching({ report, alice }) {
  await report.step('switching off says what that means, and shows everywhere; switching on is one press', async () => {
    await alice.getByRole('button', { name: 'Switch off' }).click()
    const sure = alice.getByRole('dialog', { name: 'Switch the guard of this computer off?' })
    await sure.getByText(/Members of your webs see that this computer has no guard/).waitFor()
    await looks(alice, 'guard-off-sure')
    await sure.getByRole('button', { name: 'Switch off' }).click()
    await sure.waitFor({ state: 'detached' })
    await alice.getByText('The guard of this computer is off', { exact: true }).waitFor()
    await alice.getByRole('contentinfo').getByText('the guard is off').waitFor()
    await looks(alice, 'guard-off')
    await alice.getByRole('button', { name: 'Switch on' }).click()
    await alice.getByText('The guard of this computer is on', { exact: true }).waitFor()
    await alice.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Switch off')
  }, alice)
}
