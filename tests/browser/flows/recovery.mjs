// Recovery words: written down on one computer, and said on another one when that is gone.
import { looks } from '../browser.mjs'
import { visit } from './files.mjs'

export async function everythingBack(house) {
  const { report, peers, bob, browser, open } = house
  const words = []
  let address = ''

  await report.step('24 words are shown, three of them said again, and then this computer has forgotten them', async () => {
    await visit(bob, '#/computers')
    await bob.getByRole('button', { name: 'Write them down' }).click()
    await bob.getByRole('button', { name: 'Show the words' }).click()
    const list = bob.getByRole('list', { name: 'Recovery words' })
    await list.waitFor()
    for (const text of await list.getByRole('listitem').allInnerTexts()) words.push(text.replace(/[^a-z]/g, ''))
    if (words.length !== 24) throw new Error(`${words.length} words`)
    await looks(bob, 'recovery-words')
    await bob.getByRole('button', { name: 'I have written them down' }).click()
    const fields = bob.getByRole('dialog').getByRole('textbox')
    await fields.first().fill('wrong')
    for (let index = 1; index < 3; index += 1) await fields.nth(index).fill('abandon')
    await bob.keyboard.press('Enter')
    await bob.getByRole('dialog').getByRole('alert').getByText(/are not the words/).waitFor()
    await looks(bob, 'recovery-check')
    for (let index = 0; index < 3; index += 1) {
      const label = await bob.getByRole('dialog').locator('label').nth(index).innerText()
      await fields.nth(index).fill(words[Number(label.replace(/\D/g, '')) - 1])
    }
    await bob.getByRole('button', { name: 'Check and forget' }).click()
    await bob.getByText(/this computer has forgotten them/).first().waitFor()
    await bob.getByRole('button', { name: 'Write them down' }).waitFor({ state: 'detached' })
  }, bob)

  address = (await peers.say('alice', 'address')).match(/althingdoor1\w+/)[0]
  const persons = JSON.parse(await peers.say('bob', 'me', '--json'))
  await peers.start('lake')
  const lake = await open(browser)
  await report.step('on a new computer the words and one member bring back the person and the webs', async () => {
    await lake.goto(await peers.link('lake'))
    await lake.getByLabel('Your name').fill('Somebody')
    await lake.keyboard.press('Enter')
    await lake.getByRole('button', { name: /I have lost my computers/ }).click()
    await lake.getByLabel('Your 24 recovery words').fill(words.slice(1).join(' '))
    await lake.getByLabel('Where a member is').fill(address)
    await lake.getByRole('button', { name: 'Come back' }).click()
    await lake.getByRole('alert').getByText(/24 recovery words, and these are 23/).waitFor()
    await looks(lake, 'come-back')
    await lake.getByLabel('Your 24 recovery words').fill(words.map((word, place) => `${place + 1}. ${word}`).join('\n'))
    await lake.getByRole('button', { name: 'Come back' }).click()
    await lake.getByRole('navigation', { name: 'Webs and sections' }).waitFor({ timeout: 30_000 })
    const me = JSON.parse(await peers.say('lake', 'me', '--json'))
    if (me.person !== persons.person || me.name !== persons.name) throw new Error(`it is ${me.name}`)
    await visit(lake, '#/computers')
    const mine = lake.getByRole('region', { name: 'Your other computers' })
    await mine.getByRole('button', { name: /^Revoke / }).waitFor({ timeout: 20_000 })
    await looks(lake, 'came-back')
  }, lake)

  await lake.context().close()
  await peers.kill('lake')
}
