import { sendableUpdates } from '@codemirror/collab'
import { ChangeSet, EditorState, Text, type TransactionSpec } from '@codemirror/state'
import { describe, expect, test } from 'vitest'
import { Courier, difference, textOf, type Draft, type Saving, type Sheet, type Wire } from './courier.ts'

class Away extends Error {}

/** A peer that can lose answers, be away, and start anew. */
class Peer implements Wire {
  text = Text.of(['one', 'two', ''])
  version = 0
  log: { client: string; edit: unknown }[] = []
  isAway = false
  losesAnswer = false
  requests = 0
  constructor(public client = 'a') {}

  as(client: string): Wire {
    return { edit: (version, edits) => this.edit(version, edits, client), changes: (since) => this.changes(since), whole: () => this.whole() }
  }

  async edit(version: number, edits: unknown[], client = this.client) {
    this.requests += 1
    await this.#answers()
    if (version !== this.version) return { is_taken: false, version: this.version }
    for (const edit of edits) this.put(edit, client)
    if (this.losesAnswer) { this.losesAnswer = false; throw new Away() }
    return { is_taken: true, version: this.version }
  }

  async changes(since: number) {
    await this.#answers()
    const first = this.version - this.log.length
    const isCutOff = since > this.version || since < first
    return { changes: isCutOff ? [] : this.log.slice(since - first), version: this.version, is_cut_off: isCutOff }
  }

  async whole() {
    await this.#answers()
    return { text: this.text.toString(), version: this.version }
  }

  put(edit: unknown, client: string): void {
    this.text = ChangeSet.fromJSON(edit).apply(this.text)
    this.log.push({ client, edit })
    this.version += 1
  }

  type(at: number, insert: string): void {
    this.put(ChangeSet.of({ from: at, insert }, this.text.length).toJSON(), 'other')
  }

  restart(): void {
    this.version = 1
    this.log = []
  }

  async #answers(): Promise<void> {
    await Promise.resolve()
    if (this.isAway) throw new Away()
  }
}

function editor(peer: Peer, client = 'a', draft?: Draft) {
  const told: Saving[] = []
  const courier = new Courier(peer.as(client), client, draft?.base ?? peer.text.toString(), draft?.version ?? peer.version, { onsaving: (saving) => told.push(saving), isAway: (error) => error instanceof Away })
  const sheet: Sheet & { state: EditorState } = {
    state: EditorState.create({ doc: courier.base, extensions: courier.extension() }),
    dispatch(...specs: TransactionSpec[]) { this.state = this.state.update(...specs).state },
  }
  courier.begin(sheet, draft?.edits)
  const type = (at: number, insert: string) => sheet.dispatch({ changes: { from: at, insert } })
  return { courier, sheet, told, type, text: () => sheet.state.doc.toString() }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('Courier', () => {
  test('what is typed comes to the peer, at once and in order', async () => {
    const peer = new Peer()
    const { courier, type, told } = editor(peer)
    type(0, 'a')
    const going = courier.go()
    type(1, 'b')
    type(2, 'c')
    await going
    await courier.go()
    expect(peer.text.toString()).toBe('abcone\ntwo\n')
    expect(courier.hasUnsent).toBe(false)
    expect(told.at(-1)).toBe('saved')
    expect(courier.draft()).toBeNull()
  })

  test('what others typed meanwhile is taken, and own edits go after it', async () => {
    const peer = new Peer()
    const { courier, type, text } = editor(peer)
    peer.type(3, ' and a half')
    type(0, 'a')
    await courier.go()
    expect(text()).toBe('aone and a half\ntwo\n')
    expect(peer.text.toString()).toBe(text())
  })

  test('a lost answer doubles nothing', async () => {
    const peer = new Peer()
    const { courier, type, text, told } = editor(peer)
    peer.losesAnswer = true
    type(0, 'a')
    await courier.go()
    expect(told.at(-1)).toBe('away')
    type(1, 'b')
    await courier.go()
    expect(text()).toBe('abone\ntwo\n')
    expect(peer.text.toString()).toBe(text())
    expect(told.at(-1)).toBe('saved')
    courier.stop()
  })

  test('typing goes on while the peer is away, and is sent when it is back', async () => {
    const peer = new Peer()
    const { courier, type, text } = editor(peer)
    peer.isAway = true
    for (let index = 0; index < 250; index += 1) type(0, 'x')
    await courier.go()
    expect(courier.saving).toBe('away')
    expect(courier.draft()?.edits).toHaveLength(250)
    peer.isAway = false
    peer.type(peer.text.length, 'end')
    await courier.go()
    expect(peer.text.toString()).toBe(`${'x'.repeat(250)}one\ntwo\nend`)
    expect(text()).toBe(peer.text.toString())
    courier.stop()
  })

  test('a peer that started anew gets what it does not have, and nothing twice', async () => {
    const peer = new Peer()
    const { courier, type, text } = editor(peer)
    type(0, 'a')
    await courier.go()
    peer.isAway = true
    type(text().length, 'mine')
    await courier.go()
    peer.isAway = false
    peer.restart()
    peer.type(0, 'others ')
    peer.restart()
    courier.look()
    await settle()
    await courier.go()
    expect(peer.text.toString()).toBe('others aone\ntwo\nmine')
    expect(text()).toBe(peer.text.toString())
    courier.stop()
  })

  test('edits known no more: the text is read anew, unsent edits are kept', async () => {
    const peer = new Peer()
    const { courier, type, text } = editor(peer)
    peer.type(4, 'very ')
    peer.log = []
    type(3, '!')
    await courier.go()
    expect(text()).toBe('one!\nvery two\n')
    expect(peer.text.toString()).toBe(text())
  })

  test('a reload loses nothing', async () => {
    const peer = new Peer()
    const before = editor(peer)
    peer.isAway = true
    before.type(0, 'kept ')
    await before.courier.go()
    const draft = before.courier.draft()
    before.courier.stop()
    peer.isAway = false
    peer.type(0, 'others ')
    const after = editor(peer, 'a', draft ?? undefined)
    after.courier.heard(peer.version)
    await settle()
    await after.courier.go()
    expect(after.text()).toContain('kept ')
    expect(after.text()).toContain('others ')
    expect(peer.text.toString()).toBe(after.text())
  })

  test('a reload after the peer took the edits, but its answer was lost, doubles nothing', async () => {
    const peer = new Peer()
    const before = editor(peer)
    peer.losesAnswer = true
    before.type(0, 'once ')
    await before.courier.go()
    const draft = before.courier.draft()
    before.courier.stop()
    const after = editor(peer, 'a', draft ?? undefined)
    after.courier.heard(peer.version)
    await settle()
    expect(after.text()).toBe('once one\ntwo\n')
    expect(peer.text.toString()).toBe(after.text())
  })

  test('what cannot be written is said and not tried for ever', async () => {
    const peer = new Peer()
    peer.edit = async () => { throw new Error('refused') }
    const { courier, type } = editor(peer)
    type(0, 'a')
    await courier.go()
    expect(courier.saving).toBe('refused')
    expect(courier.draft()).not.toBeNull()
  })

  test('two editors come to the same text, whatever happens when', async () => {
    const peer = new Peer()
    const one = editor(peer, 'a')
    const other = editor(peer, 'b')
    let seed = 7
    const random = (below: number) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % below }
    for (let round = 0; round < 120; round += 1) {
      const who = random(2) ? one : other
      const length = who.sheet.state.doc.length
      const from = random(length + 1)
      if (random(4) === 0) who.sheet.dispatch({ changes: { from, to: Math.min(length, from + 3) } })
      else who.type(from, `${round} `)
      peer.losesAnswer = random(9) === 0
      if (random(3) === 0) who.courier.heard(peer.version)
      if (random(2)) await who.courier.go()
    }
    peer.losesAnswer = false
    for (let round = 0; round < 6; round += 1) {
      for (const who of [one, other]) { who.courier.heard(peer.version); await settle(); await who.courier.go() }
    }
    expect(one.text()).toBe(peer.text.toString())
    expect(other.text()).toBe(peer.text.toString())
    one.courier.stop()
    other.courier.stop()
  })

  test('places of others are found in the text here', async () => {
    const peer = new Peer()
    const { courier, type, sheet } = editor(peer)
    type(0, 'abc')
    expect(courier.placeHere(4, 0)).toBe(7)
    expect(courier.placeThere(7)).toBe(4)
    await courier.go()
    expect(courier.placeHere(4, 0)).toBe(7)
    expect(courier.placeHere(4, 3)).toBeNull()
    expect(sendableUpdates(sheet.state)).toHaveLength(0)
  })
})

test('difference turns one text into the other', () => {
  const [from, to] = [textOf('a\nb\nc'), textOf('a\nx\nb\n')]
  expect(difference(from, to).apply(from).toString()).toBe('a\nx\nb\n')
  expect(difference(from, from).empty).toBe(true)
})
