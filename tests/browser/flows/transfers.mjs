// A large file on its way: pause, go on, cancel; and its progress where the file is listed.
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { ADDRESS, visit } from './files.mjs'

/** Large enough to be caught on its way over loopback; holes on the disk, bytes on the wire. */
const FILM_BYTES = 1_500_000_000

/** Takes longer to read than anybody waits; only holes on the disk. */
const ENDLESS_BYTES = 400_000_000_000

export async function reading({ report, peers, alice }) {
  await report.step('how far a large file is read for sharing is shown in bytes', async () => {
    const folder = await peers.folder('alice', 'archive')
    const name = 'the whole \u202earchive.bin'
    await writeFile(join(folder, name), '')
    await truncate(join(folder, name), ENDLESS_BYTES)
    await peers.say('alice', 'share', 'family', folder)
    await visit(alice, ADDRESS('family/Alice/archive'))
    const share = alice.getByRole('region', { name: /Reading .*archive/ })
    await share.getByText(/\d B of 400\.0 GB|\d [MG]B of 400\.0 GB/).waitFor({ timeout: 20_000 })
    await share.getByText('U+202E').waitFor()
    await alice.getByRole('contentinfo').getByText(/of 400\.0 GB/).waitFor()
    await looks(alice, 'reading')
    const table = await peers.say('alice', 'shares')
    if (!/the whole \\u\{202e\}archive\.bin, done \d.* size 400\.0 GB/.test(table)) throw new Error(table)
    await visit(alice, '#/transfers')
    await alice.getByText(/of 400\.0 GB/).first().waitFor()
    await looks(alice, 'reading-transfers')
  }, alice)

  await report.step('its share ends and its reading with it', async () => {
    await peers.say('alice', 'unshare', 'family/Alice/archive')
    await alice.getByText(/of 400\.0 GB/).first().waitFor({ state: 'detached' })
    await visit(alice, ADDRESS('family'))
  }, alice)
}

export async function transfers({ report, peers, bob }) {
  await report.step('a large film is shared', async () => {
    const folder = await peers.folder('alice', 'films')
    await writeFile(join(folder, 'orchard.bin'), '')
    await truncate(join(folder, 'orchard.bin'), FILM_BYTES)
    await peers.say('alice', 'share', 'family', folder)
    await visit(bob, ADDRESS('family/Alice/films'))
    await bob.getByRole('row', { name: /orchard\.bin.*Not here/ }).waitFor({ timeout: 60_000 })
  }, bob)

  await report.step('its transfer is paused', async () => {
    await bob.getByRole('row', { name: /orchard\.bin/ }).hover()
    await bob.getByRole('button', { name: /^Get .*orchard\.bin/ }).click()
    await visit(bob, '#/transfers')
    await bob.getByRole('button', { name: /Pause .*orchard\.bin/ }).click()
    await bob.getByText(/Paused \d+ %/).waitFor()
    await looks(bob, 'transfer-paused')
  }, bob)

  await report.step('it goes on where it was, and the row tells how far it is', async () => {
    await bob.getByRole('button', { name: /Go on with .*orchard\.bin/ }).click()
    await bob.getByText(/Coming \d+ %/).waitFor()
    await visit(bob, ADDRESS('family/Alice/films'))
    await bob.getByRole('row', { name: /orchard\.bin.*(Coming \d+ %|Kept here)/ }).waitFor()
    await visit(bob, '#/transfers')
  }, bob)

  await report.step('cancelling says what is given up, and asks once', async () => {
    await bob.getByRole('button', { name: /Cancel .*orchard\.bin/ }).click()
    await bob.getByText('What has arrived of unfinished files is given up').waitFor()
    await bob.getByRole('button', { name: 'Cancel the transfer' }).click()
    await bob.getByText('Cancelled').waitFor()
    await looks(bob, 'transfer-cancelled')
  }, bob)
}
