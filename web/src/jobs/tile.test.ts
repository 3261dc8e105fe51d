import { describe, expect, it } from 'vitest'
import { bytesOf, isTile, rgbaOf, tileOf } from './tile.ts'

/** A tile as tracer.c writes it. */
function tile(x: number, y: number, width: number, height: number, more = 0): Uint8Array {
  const bytes = new Uint8Array(8 + width * height * 3 + more)
  new Uint16Array(bytes.buffer, 0, 4).set([x, y, width, height])
  return bytes.fill(7, 8)
}
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

describe('tiles of a picture', () => {
  it('a tile is found by its form', () => {
    const found = tileOf(tile(64, 300, 4, 2))
    expect(found).toMatchObject({ x: 64, y: 300, width: 4, height: 2 })
    expect(found?.rgb).toHaveLength(24)
  })

  it('one byte more or less is no tile, and neither is nothing', () => {
    expect(tileOf(tile(0, 0, 4, 2, 1))).toBeNull()
    expect(tileOf(tile(0, 0, 4, 2).subarray(0, 31))).toBeNull()
    expect(tileOf(new Uint8Array())).toBeNull()
    expect(tileOf(new Uint8Array(8))).toBeNull()
    expect(tileOf(tile(8_192, 0, 1, 1))).toBeNull()
  })

  it('bytes within other bytes are read from where they begin', () => {
    const whole = new Uint8Array([1, 2, 3, ...tile(5, 6, 1, 1)])
    expect(tileOf(whole.subarray(3))).toMatchObject({ x: 5, y: 6 })
  })

  it('the first letters of base64 are enough to tell', () => {
    const bytes = tile(64, 0, 16, 16)
    expect(isTile(base64(bytes), bytes.length)).toBe(true)
    expect(isTile(base64(bytes), bytes.length + 1)).toBe(false)
    expect(isTile(btoa('lines,12\nwords,9\n'), 17)).toBe(false)
    expect(isTile(null, 776)).toBe(false)
    expect(isTile('', 0)).toBe(false)
    expect(isTile('****', 776)).toBe(false)
  })

  it('pixels get their opacity', () => {
    const found = tileOf(tile(0, 0, 1, 1))
    expect(found && [...rgbaOf(found)]).toEqual([7, 7, 7, 255])
    expect(bytesOf('not base64!')).toHaveLength(0)
  })
})
