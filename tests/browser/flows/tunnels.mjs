// A service of Alice's computer, used by Bob as if it ran on his: offered, opened, used, looked up, and taken back.
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

/** What is said in a web comes to others within about a second; a busy machine takes longer. */
const HEARD_MS = 30_000
const SAID = 'Ready, 2 jobs\n'

const theirs = (page) => page.getByRole('list', { name: 'Offered to you' }).getByRole('listitem').filter({ hasText: 'printer' })
const own = (page) => page.getByRole('list', { name: 'Offered by this computer' }).getByRole('listitem').filter({ hasText: 'printer' })
const uses = (page) => page.getByRole('region', { name: 'Uses of tunnels of this computer' })
const section = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: 'Tunnels' })

export async function tunnels(house) {
  const printer = await startPrinter(await house.peers.folder('alice', 'printer'))
  try {
    await offering(house, printer)
    await opening(house, printer)
    await lookingUp(house)
    await takingBack(house)
  } finally {
    printer.end()
  }
}

/** A page that only Alice's computer reaches, as a printer has one. */
async function startPrinter(folder) {
  await writeFile(join(folder, 'index.html'), SAID)
  const port = await freePort()
  const server = spawn('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', folder], { stdio: 'ignore' })
  const address = `127.0.0.1:${port}`
  for (let tries = 0; (await said(address)) !== SAID; tries += 1) {
    if (tries > 100 || server.exitCode !== null) throw new Error(`nothing answers at ${address}`)
    await pause(100)
  }
  return { port, end: () => server.kill() }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** What the service says at an address; nothing when nothing comes. */
async function said(address) {
  try {
    return await (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(10_000) })).text()
  } catch {
    return null
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function offering({ report, peers, alice }, { port }) {
  await report.step('from Computers one comes to tunnels; with none, the page says what to do next', async () => {
    await visit(alice, '#/computers/family')
    await alice.getByRole('region', { name: 'Services of computers' }).waitFor()
    if (await section(alice).count()) throw new Error('the section is there before there is anything in it')
    await alice.getByRole('region', { name: 'Services of computers' }).getByRole('link', { name: 'Tunnels' }).click()
    await alice.getByRole('heading', { name: /Tunnels of .*family/ }).waitFor()
    await alice.getByText('No tunnel yet').waitFor()
    await alice.getByText(/althing tunnel offer/).waitFor()
    await looks(alice, 'tunnels-none')
  }, alice)

  await report.step('9 and a command go there, too', async () => {
    await visit(alice, '#/files/family')
    await alice.keyboard.press('9')
    await alice.getByText('No tunnel yet').waitFor()
    await visit(alice, '#/files/family')
    await alice.keyboard.press('>')
    await alice.keyboard.type('offer a service')
    await alice.getByRole('option', { name: /Offer a service/ }).waitFor()
    await alice.keyboard.press('Enter')
    await alice.getByRole('dialog', { name: 'Offer a service of this computer' }).waitFor()
  }, alice)

  await report.step('what cannot be offered is said where it stands, and chosen people are never nobody', async () => {
    const dialog = alice.getByRole('dialog', { name: 'Offer a service of this computer' })
    await dialog.getByText('A service that asks no password of 127.0.0.1 asks none of them.').waitFor()
    await dialog.getByLabel('Port at which it listens on this computer').fill('70000')
    await dialog.getByLabel('Called').fill('My Printer')
    await dialog.getByRole('button', { name: 'Offer it' }).click()
    await dialog.getByText('A whole number from 1 to 65535.').waitFor()
    await dialog.getByText(/none at its ends/).waitFor()
    await dialog.getByText(/Choose at least one person/).waitFor()
    await looks(alice, 'tunnel-offer-wrong')
  }, alice)

  await report.step('Alice offers a printer to Bob and to nobody else', async () => {
    const dialog = alice.getByRole('dialog', { name: 'Offer a service of this computer' })
    await dialog.getByLabel('Port at which it listens on this computer').fill(String(port))
    await dialog.getByLabel('Called').fill('printer')
    await dialog.getByRole('checkbox', { name: 'Bob', exact: true }).check()
    await dialog.getByLabel('Note').fill('colour, on my desk')
    await dialog.getByText(`althing tunnel offer ${port} --as printer --web family --to Bob --note 'colour, on my desk'`).waitFor()
    await looks(alice, 'tunnel-offer')
    await dialog.getByRole('button', { name: 'Offer it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await own(alice).getByText(`Port ${port}`).waitFor()
    await own(alice).getByText(/^for .*Bob/).waitFor()
    await section(alice).waitFor()
    await looks(alice, 'tunnels-offered')
    const { tunnels: told } = JSON.parse(await peers.say('alice', 'tunnel', 'list', 'family', '--json'))
    if (told.length !== 1 || told[0].audience !== 'Bob' || told[0].address !== `127.0.0.1:${port}`) throw new Error(JSON.stringify(told))
  }, alice)
}

async function opening(house, { port }) {
  const { report, peers, bob } = house
  await report.step('Bob\'s page gets the section by itself, with whose it is and what it is', async () => {
    await section(bob).click({ timeout: HEARD_MS })
    await visit(bob, '#/tunnels/family')
    await theirs(bob).getByText(/^by .*Alice/).waitFor()
    await theirs(bob).getByText('colour, on my desk').waitFor()
    await theirs(bob).getByText('Can be opened').waitFor({ timeout: HEARD_MS })
    if ((await bob.locator('main').innerText()).includes(String(port))) throw new Error('Alice\'s port is told')
    await looks(bob, 'tunnels-to-open')
  }, bob)

  await report.step('a port that is taken is refused in words', async () => {
    await theirs(bob).getByRole('button', { name: /^Choose port/ }).click()
    const dialog = bob.getByRole('dialog', { name: /Open .*printer.* at a port/ })
    await dialog.getByLabel('Port of this computer').fill(String(port))
    await dialog.getByRole('button', { name: 'Open', exact: true }).click()
    await dialog.getByRole('alert').getByText(/something else listens there/).waitFor()
    await looks(bob, 'tunnel-port-taken')
    await bob.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }, bob)

  await report.step('it is opened by keyboard, the focus stays, and what Alice\'s computer says comes through', async () => {
    await theirs(bob).getByRole('button', { name: /^Open/ }).focus()
    await bob.keyboard.press('Enter')
    const shown = theirs(bob).locator('code')
    await shown.filter({ hasText: /^127\.0\.0\.1:\d+$/ }).waitFor()
    await bob.waitForFunction(() => /^Close /.test(document.activeElement?.getAttribute('aria-label') ?? ''))
    house.printer = await shown.innerText()
    await theirs(bob).getByRole('button', { name: `Copy ${house.printer}` }).click()
    if ((await bob.evaluate(() => navigator.clipboard.readText())) !== house.printer) throw new Error('the address is not copied')
    if ((await said(house.printer)) !== SAID) throw new Error(`nothing comes at ${house.printer}`)
    const { tunnels: told } = JSON.parse(await peers.say('bob', 'tunnel', 'list', 'family', '--json'))
    if (told[0]?.address !== house.printer) throw new Error(JSON.stringify(told))
    await looks(bob, 'tunnel-open')
  }, bob)

  await report.step('a printer looks like a page: its link opens it beside Althing', async () => {
    const link = theirs(bob).getByRole('link', { name: /^Open in the browser/ })
    const [tab] = await Promise.all([bob.context().waitForEvent('page'), link.click()])
    await tab.getByText(SAID.trim()).waitFor()
    if (!tab.url().startsWith(`http://${house.printer}/`)) throw new Error(tab.url())
    await tab.close()
  }, bob)
}

async function lookingUp({ report, peers, alice, bob }) {
  await report.step('Alice sees by itself who used it, how often and how much', async () => {
    const row = uses(alice).getByRole('row', { name: /Bob.*printer/ }).first()
    await row.waitFor({ timeout: HEARD_MS })
    let told = await log(peers)
    // The second connection may be told a moment after the first.
    for (let tries = 0; sum(told, 'connections') < 2 && tries < 60; tries += 1) {
      await pause(250)
      told = await log(peers)
    }
    if (told.some(({ who, refused }) => who !== 'Bob' || refused > 0) || sum(told, 'connections') < 2 || sum(told, 'received') < 2 * SAID.length) throw new Error(JSON.stringify(told))
    for (let tries = 0; ; tries += 1) {
      const [shown, [newest]] = [await row.getByRole('cell').allInnerTexts(), await log(peers)]
      if (shown[2] === String(newest.connections)) break
      if (tries > 60) throw new Error(`${shown[2]} connections are shown, ${newest.connections} are told`)
      await pause(250)
    }
    await own(alice).getByText(/last used by .*Bob/).waitFor()
    await looks(alice, 'tunnels-used')
  }, alice)

  await report.step('changing the note changes nothing else', async () => {
    await own(alice).getByRole('button', { name: /^Change/ }).click()
    const dialog = alice.getByRole('dialog', { name: /Change .*printer/ })
    await dialog.getByRole('radio', { name: 'Chosen people', checked: true }).waitFor()
    await dialog.getByRole('checkbox', { name: 'Bob', exact: true, checked: true }).waitFor()
    await dialog.getByLabel('Note').fill('black only, since Monday')
    await looks(alice, 'tunnel-change')
    await dialog.getByRole('button', { name: 'Change it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await own(alice).getByText(/^for .*Bob/).waitFor()
    await theirs(bob).getByText('black only, since Monday').waitFor({ timeout: HEARD_MS })
    await theirs(bob).getByText('Open here', { exact: true }).waitFor()
  }, alice)
}

/** Uses of the printer, as the command line tells them. */
const log = async (peers) => JSON.parse(await peers.say('alice', 'tunnel', 'log', 'printer', '--json')).uses
const sum = (told, key) => told.reduce((all, use) => all + use[key], 0)

async function takingBack({ report, peers, alice, bob, printer }) {
  await report.step('taken back after it is said what ends, a connection under way ends at once', async () => {
    const [host, port] = printer.split(':')
    const line = connect(Number(port), host)
    const ended = new Promise((resolve) => line.on('error', () => {}).once('close', () => resolve(true)))
    const before = sum(await log(peers), 'sent')
    // Half a question: the service waits for the rest, and the connection stays.
    line.write('GET / HT')
    for (let tries = 0; sum(await log(peers), 'sent') === before; tries += 1) {
      if (tries > 60) throw new Error('half a question does not come through')
      await pause(250)
    }
    await theirs(bob).getByText(/^\d+ connections?$/).waitFor({ timeout: HEARD_MS })
    await own(alice).getByRole('button', { name: /^Take back/ }).click()
    const sure = alice.getByRole('dialog', { name: /Take .*printer.* back/ })
    await sure.getByText(/Connections under way end at once/).waitFor()
    await looks(alice, 'tunnel-take-back')
    if (line.destroyed) throw new Error('the connection ended before it was taken back')
    await sure.getByRole('button', { name: 'Take back' }).click()
    const isEnded = await Promise.race([ended, pause(10_000).then(() => false)])
    line.destroy()
    if (!isEnded) throw new Error('the connection goes on')
    await sure.waitFor({ state: 'detached' })
    await own(alice).waitFor({ state: 'detached' })
    if ((await said(printer)) !== null) throw new Error('it still goes through')
  }, alice)

  await report.step('who used it can still be looked up', async () => {
    await alice.getByText('No tunnel now').waitFor()
    await uses(alice).getByRole('row', { name: /Bob.*printer/ }).first().waitFor()
    await looks(alice, 'tunnels-taken-back')
  }, alice)

  await report.step('Bob is told, and closes what leads nowhere', async () => {
    await theirs(bob).getByText('Open here, taken back by its owner').waitFor({ timeout: HEARD_MS })
    await looks(bob, 'tunnel-taken-back')
    await theirs(bob).getByRole('button', { name: /^Close/ }).click()
    await bob.getByText('No tunnel yet').waitFor()
    await visit(bob, '#/files')
    await section(bob).waitFor({ state: 'detached' })
  }, bob)
}
