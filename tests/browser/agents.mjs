// Alice admits the watchman to her web: tried first, then told what it may do, heard, looked up, switched off here and stopped.
import { fileURLToPath } from 'node:url'
import { looks } from './browser.mjs'
import { visit } from './flows/files.mjs'

/** A program is checked and compiled first, and a run has a process of its own; a busy machine takes long for both. */
const RUN_MS = 60_000
const WATCHMAN = fileURLToPath(new URL('../../examples/agents/watchman.wasm', import.meta.url))
/** What it tells depends on how many shares have files without a second copy: one line, or how many. */
const TOLD = /on one computer only|things to look after/
const CAPABILITIES = ['every 5', 'facts', 'notice'].join()

const section = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /^Agents/ })
const row = (page) => page.getByRole('list', { name: 'Agents', exact: true }).getByRole('listitem').filter({ hasText: 'watchman' })
const knob = (page) => row(page).getByRole('switch', { name: /watchman.* on this computer/ })
const dialogOf = (page) => page.getByRole('dialog', { name: 'Admit an agent' })

/** The watchman as the command line tells it. */
async function told(peers) {
  const { agents } = JSON.parse(await peers.say('alice', 'agent', 'list', '--json'))
  const [found, ...more] = agents.filter(({ name }) => name === 'watchman')
  if (!found || more.length > 0) throw new Error(JSON.stringify(agents))
  return found
}

export async function agents(house) {
  await lookingAround(house)
  await admitting(house)
  await hearing(house)
  await switching(house)
  await stopping(house)
}

async function lookingAround({ report, alice }) {
  await report.step('a goes to agents; with none, the page says what they are and which are ready', async () => {
    await visit(alice, '#/files/family')
    await alice.getByRole('grid').first().waitFor()
    if (await section(alice).count()) throw new Error('the section is there before there is anything in it')
    await alice.keyboard.press('a')
    await alice.getByRole('heading', { name: /Agents of .*family/ }).waitFor()
    await alice.getByText('No agent yet').waitFor()
    const ready = alice.getByRole('list', { name: 'Agents that are ready' }).getByRole('listitem')
    for (const name of ['watchman', 'digest', 'virus-guard']) await ready.filter({ hasText: name }).waitFor()
    await looks(alice, 'agents-none')
  }, alice)
}

async function admitting({ report, peers, alice }) {
  const dialog = dialogOf(alice)

  await report.step('what cannot be admitted is said where it stands, and comes into sight', async () => {
    await alice.keyboard.press('n')
    await dialog.getByLabel('Program', { exact: true }).fill('./watchman.wasm')
    await dialog.getByText('It may do nothing yet.').waitFor()
    await dialog.getByRole('button', { name: 'Admit it' }).click()
    await dialog.getByText('The whole path, from the first / on, or a path of the tree.').waitFor()
    await dialog.getByText('Tick at least one thing.').waitFor()
    await alice.waitForFunction(() => document.activeElement?.value === './watchman.wasm')
    await dialog.getByLabel('Program', { exact: true }).fill(WATCHMAN)
    await dialog.getByRole('checkbox', { name: /^Which files have no second copy/ }).check()
    await dialog.getByText('Facts and names are told by schedule: tick that, too.').waitFor()
    await dialog.getByRole('checkbox', { name: 'Run by schedule' }).check()
    await dialog.getByLabel('Minutes between two runs').fill('3')
    await dialog.getByText('A whole number from 5 to 10,080.').waitFor()
    await looks(alice, 'agent-admit-wrong')
  }, alice)

  await report.step('what it may do is said in sentences before it is admitted', async () => {
    await dialog.getByLabel('Minutes between two runs').fill('5')
    await dialog.getByRole('checkbox', { name: /^Tell each member things/ }).check()
    const sum = dialog.getByRole('region', { name: 'What it may do' })
    await sum.getByText('It may do this, and nothing else:').waitFor()
    const lines = (await sum.getByRole('listitem').allInnerTexts()).join(' ')
    if (lines !== 'Sees which files have no second copy, how long members are away, and how full this disk is. Runs every 5 minutes. Tells you things.') throw new Error(lines)
    await dialog.getByText(/^althing agent admit .*watchman\.wasm --may facts 'every 5' notice --web family$/).waitFor()
    await looks(alice, 'agent-admit')
  }, alice)

  await report.step('tried, it shows what it would do, and nothing of it is done', async () => {
    await dialog.getByRole('button', { name: 'Try it' }).click()
    const tried = dialog.getByRole('region', { name: 'Try it' })
    await tried.getByText('What it would do', { exact: true }).waitFor({ timeout: RUN_MS })
    await tried.getByText('Tried: nothing of it was done.').waitFor()
    await tried.getByRole('listitem').filter({ hasText: /^tell: / }).getByText('would be done').waitFor()
    await looks(alice, 'agent-tried')
    const { notices } = JSON.parse(await peers.say('alice', 'agent', 'notices', '--json'))
    if (notices.length > 0) throw new Error(JSON.stringify(notices))
  }, alice)

  await report.step('admitted, it has a page and a section, and works', async () => {
    await dialog.getByRole('button', { name: 'Admit it' }).click()
    await dialog.waitFor({ state: 'detached', timeout: RUN_MS })
    await alice.getByRole('heading', { name: 'watchman', exact: true }).waitFor()
    await alice.getByText('Working.', { exact: true }).waitFor()
    await section(alice).waitFor()
    const { capabilities, by, is_working } = await told(peers)
    if (capabilities.toSorted().join() !== CAPABILITIES || by !== 'you' || !is_working) throw new Error(JSON.stringify({ capabilities, by, is_working }))
  }, alice)
}

async function hearing({ report, peers, alice }) {
  await report.step('what it told stands among what agents told, with whose it is', async () => {
    await visit(alice, '#/agents/family')
    await alice.getByRole('navigation', { name: 'Parts of agents' }).getByRole('link', { name: 'What they told you' }).click()
    const notice = alice.getByRole('list', { name: 'What agents told you' }).getByRole('listitem').filter({ hasText: TOLD })
    await notice.first().waitFor({ timeout: RUN_MS })
    await looks(alice, 'agent-notices')
    const { notices } = JSON.parse(await peers.say('alice', 'agent', 'notices', '--json'))
    if (!notices.some(({ agent, title }) => agent === 'family/watchman' && TOLD.test(title))) throw new Error(JSON.stringify(notices))
    await notice.first().getByRole('link', { name: 'watchman' }).click()
    await alice.getByRole('heading', { name: 'watchman', exact: true }).waitFor()
  }, alice)

  await report.step('its log says for what it ran, what it asked for and what became of that', async () => {
    const run = alice.getByRole('list', { name: /Runs of .*watchman/ }).getByRole('listitem').filter({ hasText: 'Its time has come.' }).first()
    await run.getByText('Ran.', { exact: true }).waitFor({ timeout: RUN_MS })
    await run.getByRole('list', { name: 'What it asked for' }).getByText('done', { exact: true }).waitFor()
    await run.getByText(/findings, \d+ new/).waitFor()
    await run.getByText(/of processor time$/).waitFor()
    await looks(alice, 'agent')
  }, alice)
}

async function switching({ report, peers, alice }) {
  await report.step('one switch for it on this computer, off and on again', async () => {
    await visit(alice, '#/agents/family')
    // A click, not an uncheck: the switch shows what the peer says, so it moves only after the answer.
    await knob(alice).click()
    await row(alice).getByText('Switched off here.').waitFor()
    await looks(alice, 'agent-off-here')
    if (!(await told(peers)).is_off_here) throw new Error('it is not off')
    await knob(alice).click()
    await row(alice).getByText('Working.', { exact: true }).waitFor()
    if ((await told(peers)).is_off_here) throw new Error('it is not on')
  }, alice)

  await report.step('one switch for all of them, and the focus stays on it', async () => {
    await alice.getByRole('button', { name: 'Switch all off' }).click()
    await alice.getByRole('heading', { name: 'No agent runs on this computer' }).waitFor()
    await row(alice).getByText('Switched off here, as all are.').waitFor()
    await looks(alice, 'agents-off')
    await alice.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Switch on')
    await alice.keyboard.press('Enter')
    await alice.getByRole('heading', { name: 'Agents run on this computer' }).waitFor()
    await row(alice).getByText('Working.', { exact: true }).waitFor()
  }, alice)
}

async function stopping({ report, peers, alice }) {
  await report.step('stopped for everybody, after it is said what that means; then it can be started again', async () => {
    await row(alice).getByRole('button', { name: /^Stop .*watchman.* for everybody/ }).click()
    const sure = alice.getByRole('dialog', { name: /Stop .*watchman.* for everybody in .*family/ })
    await sure.getByText(/It runs on no computer of .*family/).waitFor()
    await looks(alice, 'agent-stop')
    await sure.getByRole('button', { name: 'Stop it' }).click()
    await sure.waitFor({ state: 'detached' })
    await row(alice).getByText('Stopped by you.').waitFor()
    await row(alice).getByRole('button', { name: /^Start .*watchman/ }).waitFor()
    await looks(alice, 'agent-stopped')
    if ((await told(peers)).is_working) throw new Error('it works')
  }, alice)
}
