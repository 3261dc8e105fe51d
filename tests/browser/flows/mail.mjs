// Alice and Bob write mail: in the page, by keyboard; what comes is shown as text, whatever stands in it.
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
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
  await hostile(house)
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

/** A mail as hostile senders write them, by a mail program. */
const HOSTILE = [
  'From: alice@family.althing.internal', 'To: bob@family.althing.internal', 'Subject: <img src=x onerror=alert(1)>', 'MIME-Version: 1.0',
  'Content-Type: text/html', '', '<script>alert(1)</script><img src="http://127.0.0.1:9/seen.png"><b>bold</b>', '',
].join('\r\n')

async function hostile({ report, peers, bob }) {
  await report.step('HTML is shown as its source, and nothing of it runs or is loaded', async () => {
    const asked = []
    bob.on('request', (request) => asked.push(request.url()))
    await peers.say('alice', 'mail', 'on')
    const password = (await peers.say('alice', 'mail', 'password')).trim()
    const { smtp_port: port } = JSON.parse(await peers.say('alice', 'mail', 'settings', '--json'))
    const file = join(await peers.folder('alice'), 'hostile.eml')
    await writeFile(file, HOSTILE)
    await run('curl', ['-sS', '--user', `alice:${password}`, '--url', `smtp://127.0.0.1:${port}`, '--mail-from', 'alice@family.althing.internal', '--mail-rcpt', 'bob@family.althing.internal', '--upload-file', file])
    await visit(bob, '#/mail')
    await row(bob, '<img src=x').click({ timeout: HEARD_MS })
    await bob.getByText('This mail has HTML only').waitFor()
    await bob.getByText('<script>alert(1)</script>').waitFor()
    await looks(bob, 'mail-html')
    if (asked.some((url) => url.includes('seen.png'))) throw new Error('a picture of the mail was loaded')
  }, bob)
}
