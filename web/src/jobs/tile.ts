// Outputs that are tiles of a picture: x, y, width and height (2 bytes each, little end first), then red, green and
// blue of each pixel. Found by their form, whatever the job is called. Pure.

export interface PictureTile { x: number; y: number; width: number; height: number; rgb: Uint8Array }

const HEADER_BYTES = 8
/** Pixels a picture may have from side to side: more is no picture to look at in a page. */
export const SIDE_MAX = 8_192

/** Reads a tile; nothing when the bytes are none, to the last byte. */
export function tileOf(bytes: Uint8Array): PictureTile | null {
  if (bytes.length <= HEADER_BYTES) return null
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  const [x, y, width, height] = [header.getUint16(0, true), header.getUint16(2, true), header.getUint16(4, true), header.getUint16(6, true)]
  if (width === 0 || height === 0 || x + width > SIDE_MAX || y + height > SIDE_MAX) return null
  if (bytes.length !== HEADER_BYTES + width * height * 3) return null
  return { x, y, width, height, rgb: bytes.subarray(HEADER_BYTES) }
}

/** Whether the pieces of an output say that it is a tile, by its size and the first bytes of its base64 alone. */
export function isTile(base64: string | null, size: number): boolean {
  if (base64 === null || size <= HEADER_BYTES) return false
  const head = bytesOf(base64.slice(0, 12))
  if (head.length < HEADER_BYTES) return false
  const [low = 0, high = 0, lowHeight = 0, highHeight = 0] = head.subarray(4)
  const pixels = (low + high * 256) * (lowHeight + highHeight * 256)
  return pixels > 0 && size === HEADER_BYTES + pixels * 3
}

/** Pixels as a canvas takes them: with full opacity. */
export function rgbaOf({ width, height, rgb }: PictureTile): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4)
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = rgb[from] ?? 0
    rgba[to + 1] = rgb[from + 1] ?? 0
    rgba[to + 2] = rgb[from + 2] ?? 0
    rgba[to + 3] = 255
  }
  return rgba
}

/** Bytes of base64; none when it is no base64. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
