// Invitations and removal.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { looks } from '../browser.mjs'
import { ADDRESS, visit } from './files.mjs'

export async function invite(house) {
  const { report, alice } = house
  await report.step('an invitation is made, with link and QR code', async () => {
    await visit(alice, '#/people/family')
    await alice.getByRole('heading', { name: /People of/ }).waitFor()
    await alice.getByRole('button', { name: 'Invite' }).first().click()
    await looks(alice, 'invite')
    await alice.getByRole('button', { name: 'Make the invitation' }).click()
    const link = alice.getByLabel('Invitation link')
    await link.waitFor()
    house.invitation = await link.inputValue()
    if (!/^(althing:)?althing1[a-z0-9]+$/.test(house.invitation)) throw new Error(house.invitation)
    await alice.getByRole('img', { name: 'QR code of the invitation' }).waitFor()
    await alice.waitForFunction(() => document.querySelector('dialog img')?.naturalWidth > 0)
    await looks(alice, 'invited')
    await alice.getByRole('button', { name: 'Copy' }).click()
    if ((await alice.evaluate(() => navigator.clipboard.readText())) !== house.invitation) throw new Error('not copied')
    await alice.keyboard.press('Escape')
    await alice.getByRole('dialog').waitFor({ state: 'detached' })
  }, alice)
}

export async function approve({ report, peers, alice }) {
  await report.step('who joins by an invitation that asks an admin waits until Alice accepts', async () => {
    await peers.start('carol')
    await peers.say('carol', 'me', 'set', 'Carol')
    await visit(alice, '#/people/family')
    await alice.getByRole('button', { name: 'Invite' }).first().click()
    await alice.getByLabel('Ask an admin before somebody gets in').check()
    await alice.getByRole('button', { name: 'Make the invitation' }).click()
    const link = await alice.getByLabel('Invitation link').inputValue()
    await alice.keyboard.press('Escape')
    const joining = peers.say('carol', 'web', 'join', link).catch(() => '')
    await alice.getByText('Waiting for approval').waitFor({ timeout: 20_000 })
    await looks(alice, 'waiting')
    await alice.getByRole('button', { name: /Accept person/ }).click()
    await alice.getByRole('link', { name: 'Carol' }).waitFor({ timeout: 20_000 })
    await alice.getByText('Waiting for approval').waitFor({ state: 'detached' })
    await joining
  }, alice)
}

export async function remove({ report, alice, bob, plans }) {
  await report.step('removing says what will happen, asks once, and says what Bob could have', async () => {
    await visit(alice, '#/people/family')
    await alice.getByRole('button', { name: /Remove .*bob/i }).click()
    await alice.getByText('nothing new reaches them').waitFor()
    await looks(alice, 'remove')
    await alice.getByRole('dialog').getByRole('button', { name: /Remove .*bob/i }).click()
    await alice.getByRole('button', { name: 'Done' }).waitFor({ timeout: 15_000 })
    await looks(alice, 'removed')
    await alice.getByRole('button', { name: 'Done' }).click()
    await alice.getByText('No longer members').waitFor()
  }, alice)

  await report.step('Bob keeps what he has and sees nothing new', async () => {
    await writeFile(join(plans, 'later.txt'), 'Only for those who are left.\n')
    await visit(alice, ADDRESS('family/Alice/plans'))
    await alice.getByRole('row', { name: /later\.txt/ }).waitFor()
    await visit(bob, ADDRESS('family/Alice/plans'))
    await bob.getByRole('row', { name: /Q4 Roadmap/ }).waitFor()
    // Long enough for news, which takes about a second between connected peers.
    await bob.waitForTimeout(4_000)
    if (await bob.getByRole('row', { name: /later\.txt/ }).count()) throw new Error('Bob sees what came after his removal')
    await visit(bob, '#/people/family')
    await bob.getByText(/last heard/).first().waitFor()
  }, bob)
}
