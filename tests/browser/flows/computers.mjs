// The computers of a web: how they are connected, this one serving it, and one that carries without reading.
import { accessible, looks, NARROW, WIDE } from '../browser.mjs'
import { visit } from './files.mjs'
import { press } from './first-use.mjs'

/** Milliseconds after which a computer that went away is seen to be away: as long as a connection is believed in. */
const AWAY_MS = 60_000

const row = (page, name) => page.getByRole('table', { name: 'Computers of your webs' }).getByRole('row', { name })

export async function computers(house) {
  const { report, peers, alice } = house
  await report.step('6 goes to the computers: this one first, then Bob\'s, connected and measured', async () => {
    await visit(alice, '#/files')
    await alice.keyboard.press('6')
    await alice.getByRole('heading', { name: 'Computers', exact: true }).waitFor()
    const own = alice.getByRole('region', { name: 'This computer' })
    await own.waitFor()
    const bob = row(alice, /Bob/)
    await bob.getByText(/On the local network|Direct/).waitFor({ timeout: 20_000 })
    await bob.getByText(/\d (ms|µs)$/).waitFor({ timeout: 20_000 })
    await alice.getByRole('status').filter({ hasText: /connected/ }).waitFor()
    await looks(alice, 'computers')
  }, alice)

  await report.step('a command goes there, too', async () => {
    await visit(alice, '#/files')
    await alice.keyboard.press('>')
    await alice.keyboard.type('go to computers')
    await alice.getByRole('option', { name: /Go to Computers/ }).waitFor()
    await alice.keyboard.press('Enter')
    await alice.waitForFunction(() => location.hash === '#/computers')
    await row(alice, /Bob/).waitFor()
  }, alice)

  await report.step('the page and the command line tell the same', async () => {
    const net = JSON.parse(await peers.say('alice', 'net', '--json'))
    const shown = (await alice.getByRole('status').filter({ hasText: /connected/ }).textContent()).toLowerCase()
    if (shown !== `${net.now}.`.toLowerCase()) throw new Error(`${shown} instead of ${net.now}`)
    const address = net.addresses[0]
    await alice.getByRole('button', { name: `Copy ${address}` }).click()
    if ((await alice.evaluate(() => navigator.clipboard.readText())) !== address) throw new Error('the address is not copied')
  }, alice)

  await report.step('numbers that move leave everything where it is', async () => {
    const place = () => row(alice, /Bob/).boundingBox()
    const before = await place()
    for (let count = 0; count < 4; count += 1) {
      await alice.waitForResponse((answer) => answer.url().endsWith('/api/host.net'), { timeout: 8_000 })
      const now = await place()
      for (const side of ['x', 'y', 'width', 'height']) if (now[side] !== before[side]) throw new Error(`${side} was ${before[side]} and is ${now[side]}`)
    }
  }, alice)

  await report.step('details of a computer open by keyboard, arrows go from one to the next', async () => {
    const knob = row(alice, /Bob/).getByRole('button', { name: /Details of/ })
    await knob.focus()
    await alice.keyboard.press('Enter')
    await alice.getByText('Address in use').waitFor()
    await looks(alice, 'computer-details')
    await alice.keyboard.press('Enter')
    await alice.getByText('Address in use').waitFor({ state: 'detached' })
  }, alice)

  await report.step('finding others nearby says what they see, and is as the switch says', async () => {
    const knob = alice.getByRole('switch', { name: 'Find others on the local network' })
    await alice.getByText('an Althing device with this key is here').waitFor()
    const was = await knob.isChecked()
    for (const wanted of [!was, was]) {
      await knob.focus()
      await alice.keyboard.press('Space')
      await alice.waitForFunction((is) => document.querySelector('[role=switch]')?.checked === is && !document.querySelector('[role=switch]').disabled, wanted)
      if (JSON.parse(await peers.say('alice', 'net', '--json')).lan !== wanted) throw new Error(`the peer does not say ${wanted}`)
    }
  }, alice)

  await serving(house)
}

async function serving({ report, peers, alice }) {
  const dialog = alice.getByRole('dialog', { name: 'Let this computer serve a web' })
  const serves = async () => JSON.parse(await peers.say('alice', 'net', '--web', 'family', '--json')).computers.find(({ connection }) => connection === 'this')

  await report.step('this computer becomes a mirror by keyboard alone, and the command that does the same is shown', async () => {
    await visit(alice, '#/computers/family')
    await alice.getByRole('heading', { name: /Computers of .*family/ }).waitFor()
    await alice.evaluate(() => document.activeElement?.blur())
    await alice.keyboard.press('s')
    await dialog.waitFor()
    await dialog.getByText('althing serve family --relay', { exact: true }).waitFor()
    await dialog.getByLabel('Relay').focus()
    await alice.keyboard.press('Space')
    await dialog.getByText('Choose at least one').waitFor()
    await press(alice, 'Tab', () => dialog.getByLabel('Mirror').evaluate((box) => box === document.activeElement))
    await alice.keyboard.press('Space')
    await alice.keyboard.press('Tab')
    await alice.keyboard.press('Control+a')
    await alice.keyboard.type('0,5')
    await dialog.getByText('althing serve family --mirror 500MB', { exact: true }).waitFor()
    await looks(alice, 'serve')
    await alice.keyboard.press('Enter')
    await dialog.getByText(/This computer serves .*family/).waitFor()
    await looks(alice, 'served')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await alice.getByRole('region', { name: 'This computer' }).getByText('Mirror, 500.0 MB').waitFor({ timeout: 20_000 })
    const now = await serves()
    if (!now.serves.includes('mirror') || now.mirror !== 500_000_000) throw new Error(JSON.stringify(now))
  }, alice)

  await report.step('room that is no number cannot be asked for', async () => {
    await alice.getByRole('button', { name: 'Let it serve a web' }).click()
    await dialog.getByLabel('Room in GB at most').fill('much')
    await dialog.getByText('A number, at least 0.01').waitFor()
    if (await dialog.getByRole('button', { name: 'Change' }).isEnabled()) throw new Error('it can be asked for')
  }, alice)

  await report.step('it stops', async () => {
    await dialog.getByRole('button', { name: 'Stop serving' }).click()
    const sure = alice.getByRole('dialog', { name: /Stop serving .*family/ })
    await sure.getByText('You can let it serve again').waitFor()
    await looks(alice, 'serve-stop')
    await sure.getByRole('button', { name: 'Stop serving' }).click()
    await dialog.getByText(/no longer serves .*family/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await alice.getByText('No web', { exact: true }).waitFor({ timeout: 20_000 })
    if ((await serves()).serves.length > 0) throw new Error(JSON.stringify(await serves()))
  }, alice)
}

export async function carrying(house) {
  const { report, peers, alice, browser, open } = house
  await report.step('somebody is invited as a carrier, who keeps sealed things and can\'t read them', async () => {
    await visit(alice, '#/people/family')
    await alice.getByRole('button', { name: 'Invite' }).first().click()
    await alice.getByLabel('They become').selectOption('carrier')
    await alice.getByText("Keeps sealed things for you and can't read them.").waitFor()
    await looks(alice, 'invite-carrier')
    await alice.getByRole('button', { name: 'Make the invitation' }).click()
    const link = await alice.getByLabel('Invitation link').inputValue()
    await alice.keyboard.press('Escape')
    await peers.start('harbour')
    await peers.say('harbour', 'me', 'set', 'Harbour')
    await peers.say('harbour', 'serve', link, '--mirror', '1000000000')
    const carriers = alice.locator('section', { has: alice.getByRole('heading', { name: 'Carriers' }) })
    await carriers.getByText('Carrier', { exact: true }).waitFor({ timeout: 30_000 })
    if (await alice.getByRole('combobox', { name: /Role of/ }).filter({ hasText: 'Carrier' }).count()) throw new Error('a carrier is among the members')
    await looks(alice, 'carriers')
  }, alice)

  await report.step('its computer stands among those of the web: a mirror that can\'t read', async () => {
    await visit(alice, '#/computers/family')
    const carrier = row(alice, /Carries, can't read/)
    await carrier.getByText('Mirror, 1.0 GB').waitFor({ timeout: 30_000 })
    await looks(alice, 'computers-carrier')
  }, alice)

  const harbour = await open(browser)
  await report.step('there, every page of the web says so instead of showing an empty tree', async () => {
    await harbour.goto(await peers.link('harbour'))
    await harbour.getByRole('navigation', { name: 'Webs and sections' }).waitFor()
    const web = JSON.parse(await peers.say('harbour', 'web', 'list', '--json')).webs[0].name
    for (const section of ['files', 'people', 'news', 'computers']) {
      await visit(harbour, `#/${section}/${encodeURIComponent(web)}`)
      await harbour.getByText(/This computer carries .* and can’t read it/).first().waitFor()
      if (await harbour.getByRole('grid').count()) throw new Error(`${section} shows a tree`)
      if (await harbour.getByRole('button', { name: /Invite|Share a folder/ }).count()) throw new Error(`${section} offers what a carrier can't do`)
      await looks(harbour, `carried-${section}`)
    }
  }, harbour)

  await report.step('a carrier cannot be a broker, and the dialog says why', async () => {
    await visit(harbour, '#/computers')
    await harbour.getByRole('button', { name: 'Let it serve a web' }).click()
    const broker = harbour.getByRole('dialog').getByLabel('Broker')
    await harbour.getByText('A broker has to be a member').waitFor()
    if (await broker.isEnabled()) throw new Error('it can be chosen')
    await looks(harbour, 'serve-carrier')
    await harbour.keyboard.press('Escape')
  }, harbour)

  await report.step('by an invitation, a computer joins another web and serves it, all in one dialog', async () => {
    await peers.start('grace')
    await peers.say('grace', 'me', 'set', 'Grace')
    await peers.say('grace', 'web', 'start', 'lab')
    const { link } = JSON.parse(await peers.say('grace', 'invite', 'lab', '--role', 'carrier', '--json'))
    await harbour.keyboard.press('s')
    const dialog = harbour.getByRole('dialog', { name: 'Let this computer serve a web' })
    await dialog.getByLabel('Web', { exact: true }).selectOption({ label: 'Another web, by an invitation' })
    await dialog.getByLabel('Invitation').fill(`Please: ${link}`)
    await dialog.getByLabel('Mirror').check()
    await dialog.getByLabel('Room in GB at most').fill('3')
    await dialog.getByText(/^althing serve INVITATION .*--mirror 3GB$/).waitFor()
    await looks(harbour, 'serve-invitation')
    await dialog.getByRole('button', { name: 'Serve' }).click()
    await dialog.getByText(/asks to join .*lab|serves .*lab/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await harbour.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /lab/ }).waitFor({ timeout: 20_000 })
    await visit(harbour, '#/computers/lab')
    await harbour.getByText(/This computer carries .*lab.* and can’t read it/).first().waitFor({ timeout: 30_000 })
    await harbour.getByRole('region', { name: 'This computer' }).getByText('Mirror, 3.0 GB').waitFor({ timeout: 30_000 })
    await visit(harbour, '#/computers')
    await harbour.getByRole('combobox', { name: 'Web', exact: true }).selectOption('family')
    await harbour.waitForFunction(() => location.hash === '#/computers/family')
    await looks(harbour, 'computers-of-two-webs')
    await peers.kill('grace')
  }, harbour)
  await harbour.context().close()

  await report.step('a computer that went away is told as such, with why', async () => {
    await peers.kill('harbour')
    await visit(alice, '#/computers/family')
    const gone = row(alice, /Carries, can't read/).filter({ hasText: /Not connected|Trying to connect/ })
    await gone.waitFor({ timeout: AWAY_MS })
    await gone.getByText(/^(It|Nobody|This computer) .*\.$/).first().waitFor({ timeout: AWAY_MS })
    await looks(alice, 'computers-away')
  }, alice)
}

/** States that a test cannot bring about on one computer, as the peer would tell them. Only the answer is put in place. */
export async function everyConnection({ report, alice }) {
  const answers = '**/api/host.net'
  const tell = (net) => alice.route(answers, (route) => route.fulfill({ json: { addresses: [], relay: '', lan: false, now: '', ...net } }))
  const device = (number) => number.toString(16).padStart(64, '0')
  const computer = (number, more) => ({
    name: `family/Person ${number}`, webs: ['family'], connection: 'direct', via: '198.51.100.20:41641', round_trip_us: 21_400, receiving: 0, sending: 0,
    serves: [], mirror: null, is_carrier: false, last_heard: Date.now(), why: '', remedy: '', device: device(number), ...more,
  })
  const own = computer(1, { name: 'family/Alice', connection: 'this', last_heard: null })

  await report.step('every way of being connected, and of not being, in all looks', async () => {
    await tell({
      now: '3 of 7 computers are connected, 1 of them through a relay', relay: 'https://relay.example./', addresses: ['192.0.2.7:41641', '[2001:db8:1:2:3:4:5:6]:41641', '10.0.0.1:1', '10.0.0.2:2'],
      computers: [
        own,
        computer(2, { connection: 'lan', round_trip_us: 340, receiving: 48_200_000, sending: 912_000 }),
        computer(3, { connection: 'relayed', via: 'https://relay.example./', round_trip_us: 142_000, serves: ['relay', 'mirror', 'broker'], mirror: 2e12 }),
        computer(4, { serves: ['mirror'], mirror: 5e11, is_carrier: true, round_trip_us: null }),
        computer(5, { connection: 'trying', via: '', round_trip_us: null }),
        computer(6, { connection: 'none', via: '', round_trip_us: null, why: 'it does not answer where it was last: it is off, asleep, has moved, or a router stands between you', remedy: 'let a computer that is always on carry for you: althing serve family --relay', last_heard: Date.now() - 7_200_000 }),
        computer(7, { name: `family/${'ü'.repeat(60)}`, webs: ['family', 'x'.repeat(64)], connection: 'none', via: '', round_trip_us: null, why: 'y'.repeat(300), remedy: '`althing z`, or `althing net lan on`', last_heard: null }),
        computer(8, { name: 'family/turn \u202Eback', serves: ['<b>'], connection: 'none', via: '', why: '\u202Eodd' }),
      ],
    })
    await visit(alice, '#/computers')
    await row(alice, /Person 3/).getByText('through ⁨relay.example⁩').waitFor()
    await row(alice, /Person 4/).getByText("Carries, can't read").waitFor()
    await alice.locator('[role=table] code', { hasText: 'althing z' }).waitFor()
    if (/\u202e/.test(await alice.locator('main').innerText())) throw new Error('a hidden character is in the page')
    await looks(alice, 'computers-every')
    await alice.getByRole('button', { name: 'Let this computer serve a web' }).click()
    await alice.getByRole('dialog').getByText('althing serve family --relay', { exact: true }).waitFor()
    await alice.keyboard.press('Escape')
  }, alice)

  await report.step('alone, the page says what to do next', async () => {
    await alice.unroute(answers)
    await tell({ now: 'there is no other computer in your webs yet', computers: [own] })
    await row(alice, /Person 3/).waitFor({ state: 'detached' })
    await alice.getByText('No other computer yet').waitFor()
    await looks(alice, 'computers-alone')
    await alice.getByRole('main').getByRole('button', { name: 'Invite' }).click()
    await alice.getByRole('dialog', { name: /Invite to/ }).waitFor()
    await alice.keyboard.press('Escape')
  }, alice)

  await report.step('a thousand computers are shown, found by the arrow keys, and none is too wide', async () => {
    await alice.unroute(answers)
    await tell({ now: '1,000 of 1,000 computers are connected', computers: [own, ...Array.from({ length: 1_000 }, (_, index) => computer(index + 2, {}))] })
    // By text: the names of a thousand rows take the test longer than the page takes to draw.
    await alice.getByRole('main').getByText('1,000 of 1,000 computers are connected.').waitFor()
    const drawn = await alice.locator('[role=table] strong').count()
    if (drawn < 20 || drawn > 200) throw new Error(`${drawn} rows are drawn at once`)
    await alice.locator('[role=table] button[aria-expanded]').first().focus()
    await alice.keyboard.press('End')
    const seen = await alice.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    if (!seen?.includes('Person 1001')) throw new Error(seen ?? 'nothing has the focus')
    for (const size of [WIDE, NARROW]) {
      await alice.setViewportSize(size)
      const over = await alice.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (over > 0) throw new Error(`${over} px too wide`)
    }
    await alice.setViewportSize(WIDE)
  }, alice)

  await report.step('a peer that cannot say it is told in words, with the way to try again', async () => {
    await alice.unroute(answers)
    await alice.route(answers, (route) => route.fulfill({ status: 400, json: { code: 'host.sample', kind: 'broken', what: 'the list cannot be made', remedies: [] } }))
    await alice.reload()
    await alice.getByRole('alert').getByText('The list cannot be made.').waitFor()
    await accessible(alice)
    await alice.unroute(answers)
    await alice.getByRole('button', { name: 'Try again' }).click()
    await alice.getByRole('alert').waitFor({ state: 'detached' })
  }, alice)
}
