// Alice and Bob talk: in a room, in a thread, between the two of them; with what was begun kept, and with Bob away.
import { looks } from '../browser.mjs'
import { NAUGHTY } from '../things.mjs'
import { visit } from './files.mjs'

/** What one says the other sees within a second; a busy machine may take longer, which is told. */
const SEEN_MS = 1_000
const HEARD_MS = 30_000

const log = (page) => page.getByRole('log').first()
const box = (page) => page.getByRole('textbox', { name: /^Message to/ })
const said = (page, text) => log(page).getByRole('article').filter({ hasText: text })
const section = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /^Rooms/ })
const row = (page, name) => page.getByRole('list', { name: 'Rooms and conversations' }).getByRole('listitem').filter({ hasText: name })
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function say(page, text) {
  await box(page).fill(text)
  await box(page).press('Enter')
}

async function choose(page, text, act) {
  await said(page, text).last().hover()
  await said(page, text).last().getByRole('button', { name: act, exact: true }).click()
}

export async function rooms(house) {
  await beginning(house)
  await talking(house)
  await changing(house)
  await people(house)
  await cards(house)
  await between(house)
  await away(house)
}

const person = (page, name) => page.getByRole('dialog').getByRole('listitem').filter({ hasText: name })

async function people({ report, alice, bob }) {
  await report.step('the people of a room: who moderates and by what', async () => {
    await visit(alice, '#/rooms/family')
    await row(alice, 'kitchen').getByRole('link').click()
    await alice.getByRole('button', { name: /^People of .*kitchen/ }).click()
    await person(alice, 'Alice').getByText('Moderates, as admin').waitFor()
    if (await person(alice, 'Alice').getByRole('button').count()) throw new Error('one can mute oneself')
    await person(alice, 'Bob').getByRole('button', { name: /^Make moderator: .*Bob/ }).click()
    await person(alice, 'Bob').getByText('Moderator', { exact: true }).waitFor()
    if (await person(alice, 'Bob').getByRole('button', { name: /^Mute: / }).count()) throw new Error('a moderator can be muted')
    await looks(alice, 'room-people')
    await person(alice, 'Bob').getByRole('button', { name: /^Moderator no more/ }).click()
    await person(alice, 'Bob').getByText('Moderator', { exact: true }).waitFor({ state: 'detached' })
  }, alice)

  await report.step('who is muted is told so, and what it says is not shown until that is lifted', async () => {
    await visit(bob, '#/rooms/family')
    await row(bob, 'kitchen').getByRole('link').click()
    await box(bob).waitFor()
    await person(alice, 'Bob').getByRole('button', { name: /^Mute: .*Bob/ }).click()
    await person(alice, 'Bob').getByText('Muted until a moderator lifts it').waitFor()
    await looks(alice, 'room-muted')
    await bob.getByText('A moderator has muted you here').waitFor({ timeout: HEARD_MS })
    await bob.getByRole('button', { name: /^People of .*kitchen/ }).click()
    await person(bob, 'Bob').getByText('Muted until a moderator lifts it').waitFor()
    if (await bob.getByRole('dialog').getByRole('listitem').getByRole('button').count()) throw new Error('Bob may change something')
    await bob.keyboard.press('Escape')
    await person(alice, 'Bob').getByRole('button', { name: /^Mute no more/ }).click()
    await person(alice, 'Bob').getByText('Muted', { exact: true }).waitFor({ state: 'detached' })
    await alice.keyboard.press('Escape')
    await bob.getByText('A moderator has muted you here').waitFor({ state: 'detached', timeout: HEARD_MS })
  }, alice)
}

const card = (page, text) => log(page).getByRole('list', { name: 'What the links lead to' }).getByRole('link').filter({ hasText: text })

async function cards({ report, peers, alice, bob }) {
  const link = async (path) => JSON.parse(await peers.say('alice', 'link', path, '--json')).link
  await report.step('links stand below a message as cards that never move it', async () => {
    const document = JSON.parse(await peers.say('alice', 'doc', 'new', 'family', 'Orchard plan', '--text', '# Orchard plan\n\nThe saplings come on **Friday**.\n', '--json'))
    await say(alice, `the plan: ${document.link}`)
    await card(bob, 'Orchard plan').getByText('The saplings come on Friday.').waitFor({ timeout: HEARD_MS })
    await say(alice, `${await link('family/Alice/plans/budget.csv')} and ${await link('family/Alice/plans/pictures/pond.png')} and ${await link('family/Alice/plans')}`)
    await card(bob, 'budget.csv').waitFor({ timeout: HEARD_MS })
    await card(alice, 'pond.png').locator('img').waitFor()
    await card(alice, 'pond.png').getByText('Kept here').waitFor()
    const heights = await log(alice).locator('.card').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    if (new Set(heights).size !== 1) throw new Error(`cards of ${heights.join()} px`)
    await looks(alice, 'room-cards')
    await looks(bob, 'room-cards-elsewhere')
  }, bob)

  await report.step('a card is opened by keyboard, and leads there', async () => {
    await card(bob, 'Orchard plan').focus()
    await bob.keyboard.press('Enter')
    await bob.waitForURL(/#\/document\//)
    await bob.goBack()
    await log(bob).waitFor()
  }, bob)

  await report.step('addresses of the internet get no card, and nothing is fetched for any', async () => {
    const asked = []
    const note = (request) => { if (!/localhost/.test(new URL(request.url()).hostname)) asked.push(request.url()) }
    bob.on('request', note)
    await say(alice, 'https://example.org/a.png http://althing.localhost.example.org/go/file/a/b althing:file/aaaaaaaaaaaaaaaaaaaa/bbbbbbbbbb')
    await said(bob, 'example.org/a.png').waitFor({ timeout: HEARD_MS })
    await pause(1_500)
    bob.off('request', note)
    if ((await said(bob, 'example.org/a.png').locator('.card').count()) !== 1) throw new Error('another number of cards')
    if (asked.length > 0) throw new Error(`asked for ${asked.join()}`)
  }, bob)
}

async function beginning({ report, alice, bob }) {
  await report.step('0 goes to Rooms; with none, the page says what to do next', async () => {
    await visit(alice, '#/files/family')
    await alice.keyboard.press('0')
    await alice.getByText('No room yet').waitFor()
    await looks(alice, 'rooms-none')
  }, alice)

  await report.step('Alice begins a room, by the keyboard alone', async () => {
    await alice.keyboard.press('n')
    await alice.getByRole('dialog', { name: 'Begin a room' }).waitFor()
    await alice.getByLabel('Name', { exact: true }).fill('kitchen')
    await alice.getByLabel('Topic').fill('What we eat')
    await looks(alice, 'room-new')
    await alice.keyboard.press('Enter')
    await alice.getByRole('log', { name: /kitchen/ }).waitFor()
    await looks(alice, 'room-empty')
  }, alice)

  await report.step('Bob\'s page gets the section by itself, and he opens the room', async () => {
    await section(bob).click({ timeout: HEARD_MS })
    await row(bob, 'kitchen').getByRole('link').click()
    await bob.getByRole('log', { name: /kitchen/ }).waitFor()
    await bob.getByText('connected to this computer now').waitFor({ timeout: HEARD_MS })
  }, bob)
}

async function talking({ report, alice, bob }) {
  await report.step('what Alice says Bob sees within a second', async () => {
    await say(alice, 'warm-up')
    await said(bob, 'warm-up').waitFor({ timeout: HEARD_MS })
    const begun = Date.now()
    await say(alice, 'who brings the **pie**?')
    await said(bob, 'who brings the pie?').waitFor({ timeout: HEARD_MS })
    const took = Date.now() - begun
    if (took > SEEN_MS) throw new Error(`it took ${took} ms`)
    if ((await box(alice).inputValue()) !== '') throw new Error('what was said stands in the box still')
  }, bob)

  await report.step('Alice sees that it came to Bob', async () => {
    await said(alice, 'who brings the pie?').getByText(/^Delivered/).waitFor({ timeout: HEARD_MS })
  }, alice)

  await report.step('Bob replies, names Alice by @, and reacts', async () => {
    await choose(bob, 'who brings the pie?', 'Reply')
    await box(bob).pressSequentially('me, @Ali')
    await bob.getByRole('option', { name: 'Alice' }).waitFor()
    await bob.keyboard.press('Enter')
    await box(bob).press('Enter')
    await said(alice, 'me, @Alice').getByText(/^Answers/).waitFor({ timeout: HEARD_MS })
    await choose(bob, 'who brings the pie?', 'React')
    await bob.getByRole('button', { name: 'React with 🎉' }).click()
    const sign = said(alice, 'who brings the pie?').getByRole('button', { name: /🎉/ })
    await sign.waitFor({ timeout: HEARD_MS })
    await sign.click()
    await said(bob, 'who brings the pie?').getByRole('button', { name: /🎉.*2/s }).waitFor({ timeout: HEARD_MS })
    await looks(alice, 'room')
  }, bob)

  await report.step('a thread stands beside the room, and not in it', async () => {
    await choose(alice, 'who brings the pie?', 'Thread')
    const thread = alice.getByRole('complementary', { name: 'Thread' })
    await thread.getByRole('textbox').fill('with apples')
    await thread.getByRole('textbox').press('Enter')
    await thread.getByRole('article').filter({ hasText: 'with apples' }).waitFor()
    await looks(alice, 'room-thread')
    await thread.getByRole('button', { name: 'Close the thread' }).click()
    await said(bob, 'who brings the pie?').getByRole('button', { name: '1 reply' }).waitFor({ timeout: HEARD_MS })
    if (await said(bob, 'with apples').count()) throw new Error('it stands in the room, too')
  }, alice)

  await report.step('odd texts are texts', async () => {
    for (const text of ['<img src=x onerror=alert(1)> <script>alert(1)</script>', '[x](javascript:alert(1))', ...NAUGHTY.filter((each) => each.trim().length > 2).slice(0, 12)]) await say(alice, text)
    await say(alice, 'after the odd ones')
    await said(bob, 'after the odd ones').waitFor({ timeout: HEARD_MS })
    await said(bob, '<img src=x onerror=alert(1)> <script>alert(1)</script>').waitFor()
    const bad = await log(bob).locator('img, script, a[href^="javascript"]').count()
    if (bad) throw new Error('a text became markup')
    await looks(bob, 'room-odd')
  }, bob)
}

async function changing({ report, alice, bob }) {
  await report.step('ArrowUp changes the last one said, and Escape leaves it as it is', async () => {
    await box(alice).press('ArrowUp')
    await alice.getByText('Changing what you said').waitFor()
    await box(alice).press('Escape')
    await alice.getByText('Changing what you said').waitFor({ state: 'detached' })
    await box(alice).press('ArrowUp')
    await box(alice).fill('after the odd ones, said anew')
    await box(alice).press('Enter')
    await said(bob, 'said anew').getByText('(edited)').waitFor({ timeout: HEARD_MS })
  }, alice)

  await report.step('what is taken away is gone for both, and says so', async () => {
    await choose(alice, 'said anew', 'Take away')
    await alice.getByRole('dialog').getByRole('button', { name: 'Take away' }).click()
    await said(bob, /Taken away by .*Alice/).waitFor({ timeout: HEARD_MS })
    if (await said(bob, 'said anew').count()) throw new Error('it is there still')
  }, alice)

  await report.step('what Bob has not seen is counted, and read when he has', async () => {
    await visit(bob, '#/files/family')
    await say(alice, 'first unread')
    await say(alice, '@Bob second unread')
    await section(bob).getByText('2 unread messages').waitFor({ timeout: HEARD_MS })
    await visit(bob, '#/rooms/family')
    await row(bob, 'kitchen').getByText('2 unread messages').waitFor()
    await row(bob, 'kitchen').getByText('1 names you').waitFor()
    await looks(bob, 'rooms-unread')
    await bob.bringToFront()
    await row(bob, 'kitchen').getByRole('link').click()
    await bob.getByText('Unread from here').waitFor()
    await row(bob, 'kitchen').getByText(/unread message/).waitFor({ state: 'detached', timeout: HEARD_MS })
  }, bob)

  await report.step('what was begun survives a reload', async () => {
    await box(bob).fill('half a thou')
    await pause(1_500)
    await bob.reload()
    await box(bob).waitFor({ timeout: HEARD_MS })
    if ((await box(bob).inputValue()) !== 'half a thou') throw new Error(await box(bob).inputValue())
    await box(bob).fill('')
  }, bob)

  await report.step('messages are found by their words', async () => {
    await visit(alice, '#/rooms/family')
    await alice.getByRole('searchbox', { name: 'Find in messages' }).fill('pie')
    await alice.getByRole('link', { name: /who brings/ }).click()
    await alice.getByRole('log', { name: /kitchen/ }).waitFor()
    await alice.getByRole('searchbox', { name: 'Find in messages' }).fill('').catch(() => {})
  }, alice)
}

async function between({ report, alice, bob }) {
  await report.step('from Bob\'s page one writes to Bob alone', async () => {
    await visit(alice, '#/people/family')
    await alice.getByRole('button', { name: /^About .*Bob/ }).click()
    await alice.getByRole('dialog').getByRole('button', { name: 'Write a message' }).click()
    await alice.getByRole('log', { name: /Bob/ }).waitFor()
    await say(alice, 'only for you')
    await visit(bob, '#/rooms/family')
    // By its words: what Alice said last in the room stands in that one's row.
    await row(bob, 'only for you').getByRole('link').click({ timeout: HEARD_MS })
    await said(bob, 'only for you').waitFor()
    await looks(bob, 'room-direct')
  }, alice)
}

async function away({ report, peers, alice, bob }) {
  await report.step('with Bob away Alice is told that nobody has it yet; when he is back it comes', async () => {
    await peers.kill('bob')
    await say(alice, 'while you were away')
    await said(alice, 'while you were away').getByText(/nobody else has it yet/).waitFor()
    await peers.start('bob')
    await said(alice, 'while you were away').getByText(/^(Delivered|On 1 computer)/).waitFor({ timeout: 2 * HEARD_MS })
  }, alice)

  await report.step('with her own peer away, what Alice wrote stays, and is said once when it is back', async () => {
    await peers.kill('alice')
    await say(alice, 'not lost')
    await alice.getByRole('alert').first().waitFor({ timeout: HEARD_MS })
    if ((await box(alice).inputValue()) !== 'not lost') throw new Error('what was written is lost')
    await peers.start('alice')
    await visit(bob, '#/rooms/family')
    // A peer that began anew may ask for a new session; then the page is opened by a new link.
    if (await alice.getByText('This window has no key to your peer').count()) await alice.goto(await peers.link('alice'))
    await box(alice).waitFor({ timeout: HEARD_MS })
    if ((await box(alice).inputValue()) === '') await box(alice).fill('not lost')
    await box(alice).press('Enter')
    await said(alice, 'not lost').waitFor({ timeout: HEARD_MS })
    if ((await said(alice, 'not lost').count()) !== 1) throw new Error('it is said twice')
  }, alice)
}
