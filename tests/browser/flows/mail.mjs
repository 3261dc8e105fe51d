// Alice and Bob write mail: in the page, by keyboard; what comes is shown as text, whatever stands in it.
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

const HEARD_MS = 30_000
const run = promisify(execFile)

const row = (page, text) => page.getByRole('list', { name: 'Mails' }).getByRole('link').filter({ hasText: text })
const section = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /^Mail/ })

export async function mails(house) {
  await writing(house)
  await answering(house)
  await drafts(house)
  await onTheWay(house)
  await inOneInbox(house)
  await files(house)
  await hostile(house)
  await hostileFiles(house)
}

async function writing({ report, alice, bob }) {
  await report.step('m goes to Mail; with none, the page says what it is for', async () => {
    await visit(alice, '#/files/family')
    await alice.keyboard.press('m')
    await alice.getByText('No mail here').waitFor()
    await looks(alice, 'mail-none')
  }, alice)

  await report.step('an address that nobody has is refused in words, and what was written stays', async () => {
    await alice.keyboard.press('n')
    const dialog = alice.getByRole('dialog', { name: 'Write a mail' })
    await dialog.getByLabel('To', { exact: true }).fill('bob@gmail.com')
    await dialog.getByLabel('Subject').fill('The orchard')
    await dialog.getByLabel('Text').fill('The saplings come on Friday.')
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.getByText(/no address of Althing/).waitFor()
    await looks(alice, 'mail-write')
    if ((await dialog.getByLabel('Text').inputValue()) !== 'The saplings come on Friday.') throw new Error('the text is lost')
    await dialog.getByLabel('To', { exact: true }).fill('bob@family')
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.waitFor({ state: 'detached' })
  }, alice)

  await report.step('it comes to Bob by itself, is counted, opened by keyboard, and read then', async () => {
    await visit(bob, '#/files/family')
    await section(bob).getByText('1 mail not read').waitFor({ state: 'attached', timeout: HEARD_MS })
    await bob.keyboard.press('m')
    await row(bob, 'The orchard').focus()
    await bob.keyboard.press('Enter')
    await bob.getByText('The saplings come on Friday.').waitFor()
    await bob.getByText(/Alice <alice@family\.althing\.internal>/).waitFor()
    await row(bob, 'The orchard').getByText('Not read yet').waitFor({ state: 'detached' })
    await looks(bob, 'mail-open')
  }, bob)
}

async function answering({ report, alice, bob }) {
  await report.step('Bob answers, with what he answers below', async () => {
    await bob.getByRole('button', { name: 'Answer' }).click()
    const dialog = bob.getByRole('dialog', { name: 'Write a mail' })
    if ((await dialog.getByLabel('Subject').inputValue()) !== 'Re: The orchard') throw new Error('the subject is another')
    const text = await dialog.getByLabel('Text').inputValue()
    if (!text.includes('> The saplings come on Friday.')) throw new Error(text)
    await dialog.getByLabel('Text').fill(`I shall dig.\n${text}`)
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.waitFor({ state: 'detached' })
    await visit(alice, '#/mail')
    await row(alice, 'Re: The orchard').click({ timeout: HEARD_MS })
    await alice.getByText('I shall dig.').waitFor()
  }, bob)

  await report.step('a mail goes to the trash, and is found there', async () => {
    await bob.getByRole('button', { name: 'To the trash' }).click()
    await bob.getByText('No mail here').waitFor()
    await bob.getByRole('navigation', { name: 'Mail folders' }).getByRole('link', { name: 'Trash' }).click()
    await row(bob, 'The orchard').waitFor()
  }, bob)
}

async function drafts({ report, alice }) {
  const dialog = alice.getByRole('dialog', { name: 'Write a mail' })
  const draft = (page) => page.getByRole('list', { name: 'Begun here' }).getByRole('button').filter({ hasText: 'The cider' })
  const folder = (page) => page.getByRole('navigation', { name: 'Mail folders' }).getByRole('link', { name: /^Drafts/ })

  await report.step('what was begun is kept when its window is closed, also after a reload, and goes on from there', async () => {
    await visit(alice, '#/mail')
    await alice.keyboard.press('n')
    await dialog.getByLabel('Subject').fill('The cider')
    await dialog.getByLabel('Text').fill('It is nearly')
    await alice.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await folder(alice).click()
    await draft(alice).waitFor()
    await looks(alice, 'mail-drafts')
    await alice.reload()
    await draft(alice).focus()
    await alice.keyboard.press('Enter')
    if ((await dialog.getByLabel('Text').inputValue()) !== 'It is nearly') throw new Error('the text is lost')
    await dialog.getByLabel('Text').fill('It is nearly ready.'.padEnd(2_000, '.'))
    await dialog.getByText(/Too long to follow/).waitFor()
    await looks(alice, 'mail-draft-long')
  }, alice)

  await report.step('a discarded draft is gone', async () => {
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await dialog.waitFor({ state: 'detached' })
    await draft(alice).waitFor({ state: 'detached' })
    await folder(alice).getByText('1').waitFor({ state: 'detached' })
  }, alice)
}

async function onTheWay({ report, bob }) {
  await report.step('large mails on their way say how much is here, and what the rest waits for', async () => {
    const of = (from, subject, here, more) => ({ folder: 'INBOX', from, subject, size: 80_000_000, here, at: Date.now() - 60_000, is_reachable: true, is_asked: true, ...more })
    const mails = [
      of('Alice <alice@family.althing.internal>', 'The film of the harvest', 12_000_000),
      of('"Carol" <carol@family.althing.internal>', '<b>A box of pictures</b> with a subject that is longer than any line of a list', 300_000, { is_reachable: false }),
      of('alice@family.althing.internal', '', 20_000, { is_asked: false }),
      of('alice@family.althing.internal', 'Nearly', 80_000_000),
    ]
    await bob.route('**/api/mail.coming', (route) => route.fulfill({ json: { mails } }))
    await visit(bob, '#/mail')
    const list = bob.getByRole('list', { name: 'On their way here' })
    await list.getByText('12.0 MB of 80.0 MB', { exact: true }).waitFor()
    await list.getByText(/the rest waits until the sender/).waitFor()
    await list.getByText(/comes another day/).waitFor()
    await list.getByText(/is being checked/).waitFor()
    await looks(bob, 'mail-coming')
    const before = await list.boundingBox()
    mails[0].here = 42_000_000
    await list.getByText('42.0 MB of 80.0 MB', { exact: true }).waitFor()
    if ((await list.boundingBox()).height !== before.height) throw new Error('the list jumped')
    await list.getByRole('progressbar', { name: /How much of .*The film of the harvest.* is here/ }).waitFor()
    await bob.unroute('**/api/mail.coming')
    await visit(bob, '#/mail/Sent')
    await list.waitFor({ state: 'detached' })
  }, bob)
}

/** A mail as hostile senders write them, by a mail program. */
const HOSTILE = [
  'From: alice@family.althing.internal', 'To: bob@family.althing.internal', 'Subject: <img src=x onerror=alert(1)>', 'MIME-Version: 1.0',
  'Content-Type: text/html', '', '<script>alert(1)</script><img src="http://127.0.0.1:9/seen.png"><b>bold</b>', '',
].join('\r\n')

/** Sends a mail as it is written, by a mail program of Alice's. */
async function submit(peers, mail) {
  await peers.say('alice', 'mail', 'on')
  const password = (await peers.say('alice', 'mail', 'password')).trim()
  const { smtp_port: port } = JSON.parse(await peers.say('alice', 'mail', 'settings', '--json'))
  const file = join(await peers.folder('alice'), 'hostile.eml')
  await writeFile(file, mail)
  await run('curl', ['-sS', '--user', `alice:${password}`, '--url', `smtp://127.0.0.1:${port}`, '--mail-from', 'alice@family.althing.internal', '--mail-rcpt', 'bob@family.althing.internal', '--upload-file', file])
}

async function hostile({ report, peers, bob }) {
  await report.step('HTML is shown as its source, and nothing of it runs or is loaded', async () => {
    const asked = []
    bob.on('request', (request) => asked.push(request.url()))
    await submit(peers, HOSTILE)
    await visit(bob, '#/mail')
    await row(bob, '<img src=x').click({ timeout: HEARD_MS })
    await bob.getByText('This mail has HTML only').waitFor()
    await bob.getByText('<script>alert(1)</script>').waitFor()
    await looks(bob, 'mail-html')
    if (asked.some((url) => url.includes('seen.png'))) throw new Error('a picture of the mail was loaded')
  }, bob)
}

const inboxItem = (page, text) => page.getByRole('list', { name: 'What waits for you' }).getByRole('listitem').filter({ hasText: text })
const waiting = (page) => page.getByRole('navigation', { name: 'Webs and sections' }).getByRole('link', { name: /^Inbox/ })

async function inOneInbox({ report, peers, bob }) {
  await report.step('mail comes into the inbox by itself, and is counted', async () => {
    await visit(bob, '#/inbox')
    for (const subject of ['First pear', 'Second pear', 'Third pear']) {
      await peers.say('alice', 'mail', 'send', 'bob@family', subject, 'Ripe.')
      await inboxItem(bob, subject).waitFor({ timeout: HEARD_MS })
    }
    await inboxItem(bob, 'Third pear').getByText('Mail', { exact: false }).first().waitFor()
    await waiting(bob).getByText(/\d+ things? waits? for you/).waitFor({ state: 'attached' })
    await looks(bob, 'inbox')
  }, bob)

  await report.step('by keyboard alone: down, up, read, opened', async () => {
    await visit(bob, '#/files/family')
    await bob.keyboard.press('u')
    await inboxItem(bob, 'Third pear').waitFor()
    await bob.keyboard.press('j')
    await bob.keyboard.press('j')
    await bob.keyboard.press('k')
    const focused = () => bob.evaluate(() => document.activeElement?.textContent ?? '')
    if (!(await focused()).includes('Third pear')) throw new Error(`the focus is on ${await focused()}`)
    await bob.keyboard.press('r')
    await inboxItem(bob, 'Third pear').waitFor({ state: 'detached' })
    if (!(await focused()).includes('Second pear')) throw new Error(`then the focus is on ${await focused()}`)
    await bob.keyboard.press('Enter')
    await bob.getByText('Ripe.').waitFor()
    await bob.keyboard.press('u')
    await inboxItem(bob, 'First pear').waitFor()
    await inboxItem(bob, 'Second pear').waitFor({ state: 'detached', timeout: HEARD_MS })
    const { mails } = JSON.parse(await peers.say('bob', 'mail', 'list', '--json'))
    const flags = (subject) => mails.find((mail) => mail.subject === subject).flags
    if (!flags('Third pear').includes('\\Seen') || flags('First pear').includes('\\Seen')) throw new Error('the flags are others')
  }, bob)

  await report.step('what is read elsewhere leaves the inbox by itself', async () => {
    const { mails } = JSON.parse(await peers.say('bob', 'mail', 'list', '--json'))
    await peers.say('bob', 'mail', 'flag', mails.find(({ subject }) => subject === 'First pear').message, '--flags', '\\Seen')
    await inboxItem(bob, 'First pear').waitFor({ state: 'detached', timeout: HEARD_MS })
  }, bob)
}

/** Bytes that a file of a name is made of, another for each place. */
const bytesOf = (count) => Buffer.from(new Uint8Array(count).map((_, index) => (index * 31) % 251))
const LARGE = 3_000_000

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
}

/** Drops a file of so many bytes on the mail's subject. */
async function drop(page, dialog, name, size) {
  const dataTransfer = await page.evaluateHandle(([called, bytes]) => { const all = new DataTransfer(); all.items.add(new File([new Uint8Array(bytes)], called)); return all }, [name, size])
  await dialog.getByLabel('Subject').dispatchEvent('drop', { dataTransfer })
}

async function files({ report, alice, bob }) {
  await report.step('files are attached, with how much fits and how far each is; what is too large is refused before', async () => {
    await visit(alice, '#/mail')
    await alice.keyboard.press('n')
    const dialog = alice.getByRole('dialog', { name: 'Write a mail' })
    await dialog.getByText(/Up to 24\.\d MB in all/).waitFor()
    await dialog.locator('input[type=file]').setInputFiles([
      { name: 'grüße \u202egpj.exe', mimeType: 'text/plain', buffer: bytesOf(1_000) }, { name: 'film.bin', mimeType: 'application/octet-stream', buffer: bytesOf(LARGE) },
    ])
    await dialog.getByText('3.0 MB', { exact: true }).waitFor()
    await drop(alice, dialog, 'too large.bin', 26_000_000)
    await dialog.getByText(/too large\.bin.* has 26\.0 MB/).waitFor()
    await dialog.getByLabel('To', { exact: true }).fill('bob@family')
    await dialog.getByLabel('Subject').fill('With files')
    await dialog.getByLabel('Text').fill('Two of them.')
    await looks(alice, 'mail-attaching')
  }, alice)

  await report.step('a file is dropped anywhere into the mail, and left out again', async () => {
    const dialog = alice.getByRole('dialog', { name: 'Write a mail' })
    await drop(alice, dialog, 'dropped.txt', 7)
    await dialog.getByText('dropped.txt', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: /^Leave out .*dropped\.txt/ }).click()
    await dialog.getByText('dropped.txt', { exact: true }).waitFor({ state: 'detached' })
    await dialog.getByRole('button', { name: 'Send' }).click()
    await dialog.waitFor({ state: 'detached' })
  }, alice)

  await report.step('Bob saves both, byte for byte, and stays where he is', async () => {
    await visit(bob, '#/mail')
    await row(bob, 'With files').click({ timeout: 2 * HEARD_MS })
    const list = bob.getByRole('list', { name: 'Attached' })
    await list.getByText('film.bin').waitFor()
    await looks(bob, 'mail-attached')
    const film = await saved(bob, list.getByRole('button', { name: /^Save .*film\.bin/ }))
    if (film.name !== 'film.bin' || !film.bytes.equals(bytesOf(LARGE))) throw new Error(`${film.name}, ${film.bytes.length} bytes`)
    const odd = await saved(bob, list.getByRole('button', { name: /^Save .*exe/ }))
    if (/\u202e/.test(odd.name) || !odd.bytes.equals(bytesOf(1_000))) throw new Error(`${odd.name}, ${odd.bytes.length} bytes`)
    const whole = await saved(bob, bob.getByRole('button', { name: 'Save the mail' }))
    if (whole.name !== 'With files.eml' || !whole.bytes.includes('Subject: With files')) throw new Error(whole.name)
    await bob.getByText('Two of them.').waitFor()
  }, bob)
}

/** Names and contents that strangers would choose; and a part that claims to be shown in place. */
const HOSTILE_FILES = [
  'From: alice@family.althing.internal', 'To: bob@family.althing.internal', 'Subject: Odd files', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', '',
  '--b', 'Content-Type: text/plain', '', 'see below',
  '--b', 'Content-Type: text/html; name="../../x"', 'Content-Disposition: attachment; filename="../../x"', '', '<script>alert(1)</script>',
  '--b', 'Content-Type: text/html', "Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEfdp.html", '', '<script>alert(2)</script>',
  '--b', 'Content-Type: image/svg+xml', 'Content-Disposition: inline; filename="<script>alert(3)</script>.svg"', '', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(3)"><script>alert(3)</script></svg>',
  '--b--', '',
].join('\r\n')

async function hostileFiles({ report, peers, bob }) {
  await report.step('hostile names are shown as what they are and saved as harmless ones', async () => {
    await submit(peers, HOSTILE_FILES)
    await visit(bob, '#/mail')
    await row(bob, 'Odd files').click({ timeout: HEARD_MS })
    const list = bob.getByRole('list', { name: 'Attached' })
    await list.getByText('../../x').waitFor()
    await looks(bob, 'mail-odd-files')
    if (await list.locator('script, img, svg[onload]').count()) throw new Error('a name became markup')
    const buttons = await list.getByRole('button').all()
    if (buttons.length !== 3) throw new Error(`${buttons.length} files`)
    for (const button of buttons) {
      const { name, bytes } = await saved(bob, button)
      if (/[/\\<>\u202e]/.test(name) || name.startsWith('.') || !bytes.includes('alert(')) throw new Error(JSON.stringify(name))
    }
  }, bob)

  await report.step('their address gives nothing to show, whatever asks for it', async () => {
    const message = decodeURIComponent(bob.url().split('message=')[1])
    const addresses = await bob.evaluate(async (asked) => Promise.all([2, 3, 4].map(async (part) => {
      const headers = { 'x-althing': '1', 'content-type': 'application/json', authorization: `Bearer ${sessionStorage.getItem('althing.session')}` }
      return (await (await fetch('/part', { method: 'POST', headers, body: JSON.stringify({ message: asked, part }) })).json()).url
    })), message)
    const other = await bob.context().newPage()
    const boxes = []
    other.on('dialog', (dialog) => { boxes.push(dialog.message()); void dialog.dismiss() })
    for (const address of addresses) {
      const download = other.waitForEvent('download')
      await other.goto(address).catch(() => {})
      await (await download).cancel()
      if (other.url() !== 'about:blank') throw new Error(`it was shown at ${other.url()}`)
    }
    await other.close()
    if (boxes.length > 0) throw new Error(`it ran: ${boxes.join()}`)
  }, bob)
}
