import { describe, expect, it } from 'vitest'
import { patience, Place, StreamReader } from './stream.ts'

const message = (number: number) =>
  `id: ${number}\nevent: happened\ndata: {"number": ${number}, "at": 1, "kind": "files.changed", "about": {}}\n\n`

describe('the stream of events', () => {
  it('messages arrive whole however the bytes are cut', () => {
    const text = `event: hello\ndata: {"last": 1}\n\n: still here\n\n${message(2)}${message(3)}`
    for (let size = 1; size < 40; size += 1) {
      const reader = new StreamReader()
      const told = []
      for (let at = 0; at < text.length; at += size) told.push(...reader.take(text.slice(at, at + size)))
      expect(told.map(({ name }) => name)).toEqual(['hello', 'happened', 'happened'])
    }
  })

  it('takes line ends of both kinds and several lines of data', () => {
    expect(new StreamReader().take('data: a\r\ndata:b\r\n\r\n')).toEqual([{ name: '', data: 'a\nb' }])
  })

  it('after a reconnect nothing is heard twice and nothing is missed', () => {
    const place = new Place(10)
    const heard = [9, 10, 11, 12, 11, 12, 13].map((number) => place.take(JSON.stringify({ number, at: 1, kind: 'k', about: null })))
    expect(heard.filter(Boolean).map((event) => event?.number)).toEqual([11, 12, 13])
    expect(place.after).toBe(13)
  })

  it('what is no event is passed over', () => {
    const place = new Place(0)
    expect(place.take('{')).toBeNull()
    expect(place.take('null')).toBeNull()
    expect(place.take('{"number": "7"}')).toBeNull()
    expect(place.after).toBe(0)
  })

  it('waits longer with each failure, but not for ever', () => {
    expect(patience(0)).toBe(250)
    expect(patience(3)).toBe(2_000)
    expect(patience(50)).toBe(10_000)
  })
})
