// Cycle sharing: Alice's jobs, done by Bob's computer; what is seen of it, and how it is stopped.
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

const program = (name) => fileURLToPath(new URL(`../../../examples/jobs/${name}.wasm`, import.meta.url))
/** Work goes out when computers have heard of each other, and comes back in batches. */
const WORK_MS = 90_000

const works = (page) => page.getByRole('region', { name: 'Works for your webs' })
/** Bob's computer works also while it is used: nothing tells in a test whether it is. */
const bobWorks = async (peers) => {
  await peers.say('bob', 'compute', 'limits', '--used-cores', '2', '--used-percent', '100', '--used-memory', '50')
  await peers.say('bob', 'compute', 'mode', 'always')
}

export async function computing(house) {
  await offering(house)
  await running(house)
  await drawing(house)
  await ending(house)
}

async function offering({ report, peers, alice, bob }) {
  await report.step('8 goes to the jobs; with none, the page says what to do next', async () => {
    await visit(alice, '#/files/family')
    await alice.keyboard.press('8')
    await alice.getByRole('heading', { name: /Jobs of .*family/ }).waitFor()
    await alice.getByText('No job yet').waitFor()
    await alice.getByText(/althing map/).first().waitFor()
    await looks(alice, 'jobs-none')
  }, alice)

  await report.step('Bob\'s computer does nothing for others until he says so', async () => {
    await visit(bob, '#/computers')
    const card = works(bob)
    await card.waitFor()
    const isOn = card.getByRole('switch', { name: 'This computer works for your webs' })
    await isOn.waitFor()
    if (await isOn.isChecked()) throw new Error('it works without having been told')
    await looks(bob, 'works-off')
  }, bob)

  await report.step('told by the command line, his page follows by itself', async () => {
    await bobWorks(peers)
    const card = works(bob)
    await card.getByRole('radio', { name: /^Always/, checked: true }).waitFor({ timeout: 20_000 })
    await card.getByRole('status').filter({ hasText: /Ready|Working|Paused/ }).waitFor()
    await card.getByText('Change the limits').click()
    await card.getByLabel('Cores').first().waitFor()
    await looks(bob, 'works-always')
    await card.getByText('Change the limits').click()
  }, bob)

  await report.step('limits that make no sense are refused in words', async () => {
    const card = works(bob)
    await card.getByText('Change the limits').click()
    await card.getByLabel('Percent of each core').first().fill('900')
    await card.getByRole('button', { name: 'Save the limits' }).click()
    await card.getByRole('alert').waitFor()
    await card.getByLabel('Percent of each core').first().fill('90')
    await card.getByRole('button', { name: 'Save the limits' }).click()
    await bob.getByText('The limits are kept.').waitFor()
    await card.getByText('Change the limits').click()
  }, bob)

  await report.step('Alice sees what the web could do', async () => {
    await visit(alice, '#/jobs/family')
    await alice.getByRole('link', { name: 'What this web could do' }).click()
    const list = alice.getByRole('region', { name: 'Computers that offer to work' })
    await list.getByRole('row', { name: /Bob/ }).waitFor({ timeout: WORK_MS })
    await looks(alice, 'jobs-capacity')
  }, alice)
}

async function running({ report, peers, alice }) {
  await report.step('a job whose program is not there is refused in words, in the dialog', async () => {
    await peers.say('bob', 'compute', 'off')
    await visit(alice, '#/jobs/family')
    await alice.getByRole('heading', { name: /Jobs of .*family/ }).waitFor()
    await alice.keyboard.press('n')
    const dialog = alice.getByRole('dialog', { name: 'Start a job' })
    await dialog.getByLabel('Program', { exact: true }).fill('/no/such/program.wasm')
    await dialog.getByRole('radio', { name: /^Numbers/ }).check()
    await dialog.getByLabel('How many', { exact: true }).fill('24')
    await dialog.getByLabel('Arguments').fill('size=20000000')
    await dialog.getByText('Whoever computes sees what it computes on. All members of the web could be asked.').waitFor()
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await dialog.getByRole('alert').waitFor()
    await looks(alice, 'job-new-refused')
  }, alice)

  await report.step('with a program it starts, and the page says why nothing goes on', async () => {
    const dialog = alice.getByRole('dialog', { name: 'Start a job' })
    await dialog.getByLabel('Program', { exact: true }).fill(program('primes'))
    await dialog.getByRole('radio', { name: /From people I trust/ }).check()
    await dialog.getByLabel('Whom').fill('Bob')
    await dialog.getByText(/althing map .*primes\.wasm .*--range 24 .*--trust trusted --people Bob/).waitFor()
    await looks(alice, 'job-new')
    await dialog.getByRole('button', { name: 'Start', exact: true }).click()
    await alice.getByRole('heading', { name: /primes/ }).waitFor()
    await alice.getByRole('img', { name: /^Map of 24 units: 0 done/ }).waitFor({ timeout: 20_000 })
    await alice.waitForFunction(() => (document.querySelector('main .note')?.textContent ?? '').trim() !== '', null, { timeout: 30_000 })
    await looks(alice, 'job-waits')
  }, alice)

  await report.step('p pauses it and says so; it goes on by the button', async () => {
    await alice.keyboard.press('p')
    const progress = alice.getByRole('region', { name: /Progress of/ })
    await progress.getByText('Paused', { exact: true }).waitFor()
    await looks(alice, 'job-paused')
    await alice.getByRole('button', { name: 'Go on' }).click()
    await progress.getByText('Running', { exact: true }).waitFor()
    await alice.getByLabel('Priority').selectOption('9')
  }, alice)

  await report.step('Bob\'s computer does it, the map fills by itself, and the results are right', async () => {
    await bobWorks(peers)
    await alice.getByRole('region', { name: 'Who computes' }).getByRole('row', { name: /Bob/ }).waitFor({ timeout: WORK_MS })
    await alice.getByRole('img', { name: /^Map of 24 units: 24 done, 0 at work, 0 parked, 0 waiting/ }).waitFor({ timeout: WORK_MS })
    await alice.getByRole('region', { name: /Progress of/ }).getByText('Done', { exact: true }).waitFor({ timeout: 20_000 })
    // So many primes are below 20 million.
    await alice.getByRole('region', { name: 'Results' }).getByRole('row', { name: /1270607/ }).waitFor({ timeout: 20_000 })
    await looks(alice, 'job-done')
  }, alice)

  await report.step('a result is taken out of the page, and all of them into a folder', async () => {
    const [download] = await Promise.all([alice.waitForEvent('download'), alice.getByRole('button', { name: 'Download the result of unit 0', exact: true }).click()])
    if (!/primes/.test(download.suggestedFilename())) throw new Error(download.suggestedFilename())
    const folder = await peers.folder('alice', 'primes')
    await alice.getByRole('button', { name: 'Save results' }).click()
    const dialog = alice.getByRole('dialog', { name: /Save the results/ })
    await dialog.getByLabel('Into which folder on this computer').fill(folder)
    await looks(alice, 'job-save')
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    for (let turn = 0; (await readdir(folder)).length < 24; turn += 1) {
      if (turn > 100) throw new Error(`${(await readdir(folder)).length} of 24 results were written`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }, alice)

  await report.step('who gave is told, and nobody gave a wrong result', async () => {
    await visit(alice, '#/jobs/family?show=people')
    await alice.getByRole('region', { name: 'Who gave and used processor time' }).getByRole('row', { name: /Bob/ }).waitFor({ timeout: 30_000 })
    await alice.getByText('Nobody has given a wrong result.').waitFor()
    await looks(alice, 'jobs-gave')
  }, alice)
}

async function drawing({ report, peers, alice, bob }) {
  await report.step('results that are tiles of a picture make the picture, and Bob sees for whom he computes', async () => {
    await visit(bob, '#/computers')
    const answer = JSON.parse(await peers.say('alice', 'map', program('tracer'), '--web', 'family', '--range', '60', '--arguments', 'width=640 height=360 tile=64 samples=16', '--trust', 'trusted', '--people', 'Bob', '--json'))
    await visit(alice, `#/job/${answer.id}`)
    await alice.locator('canvas').waitFor({ timeout: WORK_MS })
    await alice.getByText('60 / 60 tiles').waitFor({ timeout: WORK_MS })
    const colours = await alice.locator('canvas').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set()
      for (let at = 0; at < data.length; at += 4_000) seen.add(`${data[at]} ${data[at + 1]} ${data[at + 2]} ${data[at + 3]}`)
      return { width: canvas.width, height: canvas.height, seen: seen.size }
    })
    if (colours.width !== 640 || colours.height !== 360 || colours.seen < 20) throw new Error(JSON.stringify(colours))
    await looks(alice, 'job-picture')
    await works(bob).getByText(/of processor time/).waitFor()
    await looks(bob, 'works-given')
  }, alice)
}

async function ending({ report, alice, bob }) {
  await report.step('the list has both, of others as well', async () => {
    await visit(alice, '#/jobs')
    await alice.getByRole('list', { name: 'Yours' }).getByRole('link', { name: /tracer/ }).waitFor()
    await alice.getByRole('list', { name: 'Yours' }).getByRole('link', { name: /primes/ }).waitFor()
    await alice.getByRole('switch', { name: 'Also jobs of others' }).check()
    await alice.getByRole('heading', { name: 'Of others' }).waitFor()
    await looks(alice, 'jobs-list')
    await alice.getByRole('switch', { name: 'Also jobs of others' }).uncheck()
  }, alice)

  await report.step('Bob ends it on his page, which says so', async () => {
    await visit(bob, '#/computers')
    const card = works(bob)
    // A click, not an uncheck: the switch shows what the peer says, so it moves only after the answer.
    await card.getByRole('switch', { name: 'This computer works for your webs' }).click()
    await card.getByRole('radio', { name: /^Never/, checked: true }).waitFor()
    await card.getByRole('status').filter({ hasText: /Off|Paused/ }).waitFor()
    await looks(bob, 'works-ended')
  }, bob)

  await report.step('a job is forgotten after it is said what goes', async () => {
    await visit(alice, '#/jobs')
    await alice.getByRole('list', { name: 'Yours' }).getByRole('link', { name: /primes/ }).click()
    await alice.getByRole('button', { name: 'Forget' }).click()
    const sure = alice.getByRole('dialog', { name: /Forget .*primes/ })
    await sure.getByText('go from this computer for good').waitFor()
    await looks(alice, 'job-forget')
    await sure.getByRole('button', { name: 'Forget the job' }).click()
    await sure.waitFor({ state: 'detached' })
    await alice.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
    await alice.getByRole('link', { name: /primes/ }).waitFor({ state: 'detached' })
  }, alice)

  await report.step('a job that is not here is told as such', async () => {
    await visit(alice, '#/job/00000000000000000000000000000000')
    await alice.getByText('This job is not here').waitFor()
    await looks(alice, 'job-gone')
  }, alice)
}
