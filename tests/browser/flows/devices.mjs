// A second computer of one person: added by a link, seen, lost and revoked.
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

export async function ownComputers(house) {
  const { report, peers, alice, browser, open } = house
  const mine = alice.getByRole('region', { name: 'Your other computers' })
  let link = ''

  await report.step('a link makes another computer mine; it is shown once, with a picture to scan', async () => {
    await visit(alice, '#/computers')
    await mine.getByText('Only this one.').waitFor()
    await looks(alice, 'own-computers-none')
    await mine.getByRole('button', { name: 'Add a computer' }).click()
    await alice.getByText('It then is you').waitFor()
    await alice.getByRole('button', { name: 'Make the link' }).click()
    link = await alice.getByLabel('Link for a computer').inputValue()
    await alice.getByRole('img', { name: 'QR code of the link' }).waitFor()
    if (!link.includes('althingdevice1')) throw new Error(`no link: ${link}`)
    await looks(alice, 'add-computer')
    await alice.getByRole('button', { name: 'Done' }).click()
  }, alice)

  await peers.start('road')
  const road = await open(browser)
  await report.step('on the other one it is pasted at first use, by keyboard, and the webs are there within seconds', async () => {
    await road.goto(await peers.link('road'))
    await road.getByLabel('Your name').fill('Somebody')
    await road.keyboard.press('Enter')
    await road.getByRole('button', { name: /I have Althing on another computer/ }).focus()
    await road.keyboard.press('Enter')
    await road.getByLabel('Link from your other computer').fill('althingdevice1wrong')
    await road.getByLabel('What you call this computer').fill('road')
    await road.keyboard.press('Enter')
    await road.getByRole('alert').getByText(/no whole link/).waitFor()
    await looks(road, 'become-mine')
    await road.getByLabel('Link from your other computer').fill(link)
    await road.getByRole('button', { name: 'Make it mine' }).click()
    await road.getByRole('navigation', { name: 'Webs and sections' }).waitFor({ timeout: 20_000 })
    const me = JSON.parse(await peers.say('road', 'me', '--json'))
    const alices = JSON.parse(await peers.say('alice', 'me', '--json'))
    if (me.person !== alices.person || me.name !== 'Alice') throw new Error(`it is ${me.name}`)
  }, road)

  await report.step('it stands among my computers, and is revoked in one place', async () => {
    await mine.getByText('road').waitFor({ timeout: 20_000 })
    await mine.getByText('here now').waitFor({ timeout: 20_000 })
    await looks(alice, 'own-computers')
    await mine.getByRole('button', { name: 'Revoke road' }).click()
    await alice.getByText('It can never come back as this computer.').waitFor()
    await looks(alice, 'revoke-computer')
    await alice.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await mine.getByText('Only this one.').waitFor({ timeout: 20_000 })
    for (let tries = 0; ; tries += 1) {
      const [web] = JSON.parse(await peers.say('road', 'web', 'list', '--json')).webs
      if (web.note === 'you were removed') break
      if (tries > 60) throw new Error(`road is still in: ${JSON.stringify(web)}`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }, alice)

  await road.context().close()
  await peers.kill('road')
}
