// Takes the picture of the tree page for the README, of four real peers: node picture.mjs PROGRAM PICTURE [PAGE]
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { launch, open } from './browser.mjs'
import { ADDRESS, visit } from './flows/files.mjs'
import { Peers } from './peers.mjs'

const [althing, picture, built] = process.argv.slice(2)
const peers = await Peers.begin(althing)
const browser = await launch(built)
try {
  const people = ['Alice', 'Bob', 'Carol', 'Ted']
  await Promise.all(people.map((name) => peers.start(name)))
  for (const name of people) await peers.say(name, 'me', 'set', name)
  await peers.say('Alice', 'web', 'start', 'family')
  const link = JSON.parse(await peers.say('Alice', 'invite', 'family', '--uses', '3', '--json')).link
  for (const name of people.slice(1)) await peers.say(name, 'web', 'join', link)
  await peers.say('Bob', 'web', 'start', 'garden club')

  const plans = await peers.folder('Alice', 'plans')
  await mkdir(join(plans, '2026'))
  await mkdir(join(plans, 'Orchard'))
  const files = { 'Q4 Roadmap.md': 8_400, 'budget.csv': 20_480, 'meeting notes.txt': 3_900, 'orchard in spring.webm': 41_200_000, 'Orchard map.pdf': 1_204_112, 'pond.jpg': 382_204, 'seed list.ods': 88_100 }
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(plans, name), Buffer.alloc(bytes, name))
  await writeFile(join(plans, '2026', 'plan.md'), '# 2026\n')
  await writeFile(join(plans, 'Orchard', 'trees.md'), '# Trees\n')
  await peers.say('Alice', 'share', 'family', plans)

  const page = await open(browser, built)
  await page.goto(await peers.link('Bob'))
  await page.getByRole('navigation', { name: 'Webs and sections' }).waitFor()
  await visit(page, ADDRESS('family/Alice/plans'))
  await page.getByRole('row', { name: /seed list/ }).waitFor({ timeout: 20_000 })
  const get = (name, path) => peers.say(name, 'get', `family/Alice/plans/${path}`)
  for (const [name, path] of [['Bob', 'Q4 Roadmap.md'], ['Carol', 'Q4 Roadmap.md'], ['Bob', 'pond.jpg'], ['Carol', 'orchard in spring.webm'], ['Ted', 'orchard in spring.webm'], ['Ted', 'budget.csv'], ['Bob', 'budget.csv']]) {
    for (let count = 0; count < 20; count += 1) {
      if (await get(name, path).then(() => true, () => false)) break
      await page.waitForTimeout(500)
    }
  }
  await writeFile(join(plans, 'Q4 Roadmap.md'), '# Q4 Roadmap\n\nPlant the orchard. Dig the pond.\n'.repeat(180))
  await page.getByText(/rev 2 at Alice/).first().waitFor({ timeout: 20_000 })
  await page.getByRole('row', { name: /Q4 Roadmap/ }).locator('.changed').click()
  await page.mouse.move(10, 600)
  await page.waitForTimeout(1_500)
  await page.screenshot({ path: picture })
  console.log(dirname(picture), page.complaints)
} finally {
  await browser.close()
  await peers.end()
}
