// Real peers for the browser tests: each its own process and its own home in a temporary folder.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Milliseconds a peer may take to answer for the first time. */
const START_MS = 30_000

export class Peers {
  #althing
  #folder
  #running = new Map()

  /** @param {string} althing the program */
  static async begin(althing) {
    const peers = new Peers()
    peers.#althing = althing
    peers.#folder = await mkdtemp(join(tmpdir(), 'althing-browser-'))
    return peers
  }

  /** A folder of a person, for what is shared; made if missing. */
  async folder(name, inside = '') {
    const folder = join(this.#folder, name, inside)
    await mkdir(folder, { recursive: true })
    return folder
  }

  async start(name) {
    const home = join(this.#folder, `home-${name}`)
    const process = spawn(this.#althing, ['start'], { env: this.#environment(home), stdio: ['ignore', 'ignore', 'pipe'] })
    let talk = ''
    process.stderr.on('data', (bytes) => { talk = (talk + bytes).slice(-4_000) })
    this.#running.set(name, process)
    const deadline = Date.now() + START_MS
    for (;;) {
      try {
        return await this.say(name, 'status', '--json')
      } catch (error) {
        if (Date.now() > deadline || process.exitCode !== null) throw new Error(`${name}'s peer does not start: ${talk}${error.stderr ?? ''}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** Runs a command of althing as that person. */
  async say(name, ...words) {
    const { stdout } = await run(this.#althing, words, { env: this.#environment(join(this.#folder, `home-${name}`)) })
    return stdout
  }

  /** A fresh link to the page. */
  async link(name) {
    return JSON.parse(await this.say(name, 'page', '--json')).link
  }

  /** Ends a peer the hard way. */
  async kill(name) {
    const process = this.#running.get(name)
    this.#running.delete(name)
    if (!process || process.exitCode !== null) return
    const gone = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGKILL')
    await gone
  }

  async end() {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #environment(home) {
    return { ...process.env, ALTHING_HOME: home, NO_COLOR: '1' }
  }
}
