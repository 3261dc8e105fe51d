// Reads from an invitation what it says of itself (web, inviter, end), before anything is asked of anybody.
// The peer checks it again; a text this cannot read is still handed over, for a newer peer may read it.
// Format: `althing1…`, bech32m of a CBOR array (specs/, tickets).

export interface TicketFace {
  web: string
  inviter: string
  expires: number
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const PREFIX = 'althing'
const CHECKSUM_LETTERS = 6
const BECH32M = 0x2bc830a3

/** Finds an invitation in a pasted text; empty when there is none. */
export function findTicket(text: string): string {
  return /\balthing1[02-9ac-hj-np-z]{20,2000}/i.exec(text.replace(/\s+(?=[02-9ac-hj-np-z]{20,})/gi, ''))?.[0] ?? ''
}

/** Returns what an invitation says; null when it is damaged or of another form. */
export function read(link: string): TicketFace | null {
  const bytes = decode(findTicket(link).toLowerCase())
  if (!bytes) return null
  try {
    const value = new Cbor(bytes).value()
    if (!Array.isArray(value)) return null
    const [, , , expires, , web, inviter] = value
    if (typeof web !== 'string' || typeof inviter !== 'string' || typeof expires !== 'number') return null
    return { web, inviter, expires }
  } catch {
    return null
  }
}

function decode(text: string): Uint8Array | null {
  if (!text.startsWith(`${PREFIX}1`)) return null
  const values = [...text.slice(PREFIX.length + 1)].map((letter) => LETTERS.indexOf(letter))
  if (values.includes(-1) || checksum([...expanded(), ...values]) !== BECH32M) return null
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const value of values.slice(0, -CHECKSUM_LETTERS)) {
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 0xff)
    }
  }
  return new Uint8Array(bytes)
}

function expanded(): number[] {
  const codes = [...PREFIX].map((letter) => letter.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

function checksum(values: number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    generators.forEach((generator, bit) => {
      if ((top >> bit) & 1) sum ^= generator
    })
  }
  return sum >>> 0
}

/** As much of CBOR as a ticket uses: whole numbers, bytes, text, arrays, null. */
class Cbor {
  #at = 0
  constructor(readonly bytes: Uint8Array) {}

  value(): unknown {
    const head = this.#byte()
    const kind = head >> 5
    if (head === 0xf6) return null
    const length = this.#number(head & 31)
    if (kind === 0) return length
    if (kind === 2) return this.#take(length)
    if (kind === 3) return new TextDecoder('utf-8', { fatal: true }).decode(this.#take(length))
    if (kind === 4) return Array.from({ length: Math.min(length, 64) }, () => this.value())
    throw new Error('not in a ticket')
  }

  #number(form: number): number {
    if (form < 24) return form
    let value = 0
    const bytes = [1, 2, 4, 8][form - 24]
    if (bytes === undefined) throw new Error('not in a ticket')
    for (let index = 0; index < bytes; index += 1) value = value * 256 + this.#byte()
    return value
  }

  #take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) throw new Error('too short')
    this.#at += length
    return this.bytes.subarray(this.#at - length, this.#at)
  }

  #byte(): number {
    const byte = this.bytes[this.#at]
    if (byte === undefined) throw new Error('too short')
    this.#at += 1
    return byte
  }
}
