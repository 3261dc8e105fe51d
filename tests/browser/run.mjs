// Drives the real page of real peers, by mouse and by keyboard alone.
//
//   node run.mjs --althing PROGRAM        starts Alice and Bob as fresh peers in a temporary folder and does everything
//     --page ../../web/dist               with the page built just now in place of the one inside of the program
//   node run.mjs alice=LINK [bob=LINK]    takes links made by `althing page` (as of the demo) and looks at what is there
//
// Pictures of every page, light and dark, wide and narrow, come into shots/.
import { launch, open as openWindow, Report } from './browser.mjs'
import { Peers } from './peers.mjs'
import { carrying, computers, everyConnection } from './flows/computers.mjs'
import { computing } from './flows/computing.mjs'
import { ownComputers } from './flows/devices.mjs'
import { components, keepingDocuments, openAnew, sites, writing } from './flows/documents.mjs'
import { firstUse, joinByKeyboard } from './flows/first-use.mjs'
import { share, filmAndPaper, oddNames, manyEntries, viewers } from './flows/files.mjs'
import { finding, everyKey } from './flows/keyboard.mjs'
import { knowing, meeting } from './flows/knowing.mjs'
import { mails } from './flows/mail.mjs'
import { news, pages, outage } from './flows/pages.mjs'
import { everythingBack } from './flows/recovery.mjs'
import { approve, invite, remove } from './flows/people.mjs'
import { keeping, searching, searchingAlone } from './flows/search.mjs'
import { reading, transfers } from './flows/transfers.mjs'
import { rooms } from './flows/rooms.mjs'
import { tunnels } from './flows/tunnels.mjs'
import { agents } from './agents.mjs'
import { guarding } from './guard.mjs'

const words = process.argv.slice(2)
const at = words.indexOf('--althing')
const built = words.includes('--page') ? words[words.indexOf('--page') + 1] : null
const open = (browser) => openWindow(browser, built)
const links = Object.fromEntries(words.filter((word) => /^\w+=https?:/.test(word)).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))

const report = new Report()
const browser = await launch(built)
const peers = at >= 0 ? await Peers.begin(words[at + 1]) : null
try {
  if (peers) await everything(peers)
  else if (links.alice) await lookAround()
  else throw new Error('say --althing PROGRAM or alice=LINK')
} catch (error) {
  await report.step('the tests themselves', () => { throw error })
} finally {
  await browser.close()
  await peers?.end()
}
process.exitCode = report.end() ? 0 : 1

async function everything(peers) {
  await Promise.all([peers.start('alice'), peers.start('bob')])
  const alice = await open(browser)
  const bob = await open(browser)
  const house = { report, peers, alice, bob, browser, open }
  await firstUse(house)
  await share(house)
  await invite(house)
  await joinByKeyboard(house)
  await finding(house)
  await searching(house)
  await keeping(house)
  await viewers(house)
  await filmAndPaper(house)
  await everyKey(house)
  await oddNames(house)
  await manyEntries(house)
  await reading(house)
  await transfers(house)
  await knowing(house)
  await meeting(house)
  await approve(house)
  await computers(house)
  await ownComputers(house)
  await everyConnection(house)
  await carrying(house)
  await writing(house)
  await components(house)
  await keepingDocuments(house)
  await sites(house)
  await openAnew(house)
  await computing(house)
  await tunnels(house)
  await rooms(house)
  await mails(house)
  await guarding(house)
  await news(house)
  await pages(house, alice, 'alice')
  await outage(house)
  await searchingAlone(house)
  await everythingBack(house)
  await remove(house)
  await agents(house)
}

async function lookAround() {
  for (const [name, link] of Object.entries(links)) {
    const page = await open(browser)
    await page.goto(link)
    await page.getByRole('navigation', { name: 'Webs and sections' }).waitFor()
    await pages({ report }, page, name)
  }
}
