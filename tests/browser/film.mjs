// A real film and a real document for the tests, made by the browser itself: nothing large lies in the repository.

/** Seconds of film. */
export const FILM_SECONDS = 4
/** Silence between parts of the film, so that it is far from all here when its end is asked for. */
const GAP_BYTES = 12_000_000
/** Milliseconds between pictures that can be shown without the ones before. */
const KEY_MS = 500
/** No name of a colour scheme: found again in a screenshot. */
export const PAPER = [0x2f, 0x9e, 0x77]

/** Records a moving picture and writes it as WebM with an index, as files of films have one. */
export async function film(browser) {
  const page = await browser.newPage()
  try {
    return webm(Buffer.from(await page.evaluate(record, { seconds: FILM_SECONDS, keyMs: KEY_MS }), 'base64'))
  } finally {
    await page.close()
  }
}

/** Prints a page as PDF. */
export async function document(browser) {
  const page = await browser.newPage()
  try {
    await page.setContent(`<title>Orchard</title><body style="margin: 0; background: rgb(${PAPER}); print-color-adjust: exact"><h1>The orchard in spring</h1>`)
    return await page.pdf({ printBackground: true })
  } finally {
    await page.close()
  }
}

/** Runs in the browser: a bar that wanders to the right, filmed. */
async function record({ seconds, keyMs }) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
  // Without transparency, which would travel beside each picture in a form of its own.
  const pen = canvas.getContext('2d', { alpha: false })
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8', videoKeyFrameIntervalDuration: keyMs })
  const pieces = []
  recorder.ondataavailable = ({ data }) => pieces.push(data)
  const end = new Promise((resolve) => { recorder.onstop = resolve })
  recorder.start()
  const begun = performance.now()
  for (let at = 0; at < seconds * 1000; at = performance.now() - begun) {
    pen.fillStyle = '#cde5d6'
    pen.fillRect(0, 0, 640, 360)
    pen.fillStyle = '#35506b'
    pen.fillRect((at / (seconds * 1000)) * 600, 60, 40, 240)
    pen.font = '40px sans-serif'
    pen.fillText(`${(at / 1000).toFixed(1)} s`, 24, 48)
    await new Promise(requestAnimationFrame)
  }
  recorder.stop()
  await end
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer())
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

// What follows reads and writes Matroska (RFC 9559). The browser records without length and index: a stream, not a file.
const [SEGMENT, INFO, TRACKS, CLUSTER, CUES, VOID] = [0x18538067, 0x1549a966, 0x1654ae6b, 0x1f43b675, 0x1c53bb6b, 0xec]
const [TIME, BLOCK] = [0xe7, 0xa3]

function webm(stream) {
  const found = { head: null, tracks: null, blocks: [] }
  gather(stream, found)
  const parts = []
  for (const block of found.blocks) {
    if (block.isKey || parts.length === 0) parts.push([])
    parts.at(-1).push(block)
  }
  const clusters = parts.map((blocks) => cluster(blocks))
  const length = Buffer.alloc(8)
  length.writeDoubleBE(FILM_SECONDS * 1000)
  const front = (cues) => Buffer.concat([element(INFO, element(0x2ad7b1, number(1_000_000)), element(0x4489, length), element(0x4d80, Buffer.from('tests')), element(0x5741, Buffer.from('tests'))), found.tracks, cues])
  const index = (begin) => {
    let at = begin
    return element(CUES, ...parts.map(([first], place) => {
      const cue = element(0xbb, element(0xb3, number(first.at)), element(0xb7, element(0xf7, number(1)), element(0xf1, number(at))))
      at += clusters[place].length
      return cue
    }))
  }
  const begin = front(index(0)).length
  const body = Buffer.concat([front(index(begin)), ...clusters])
  return Buffer.concat([found.head, element(SEGMENT, body)])
}

/** Reads elements; those of unknown length end with the file, so what is in them is read as if beside them. */
function gather(bytes, found) {
  let now = 0
  for (let at = 0; at < bytes.length;) {
    const id = field(bytes, at, false)
    const size = field(bytes, at + id.length, true)
    const begin = at + id.length + size.length
    const end = begin + (size.value ?? 0)
    const isOpened = id.value === SEGMENT || id.value === CLUSTER
    if (id.value === 0x1a45dfa3) found.head = bytes.subarray(at, end)
    if (id.value === TRACKS) found.tracks = bytes.subarray(at, end)
    if (id.value === TIME) now = bytes.readUIntBE(begin, size.value)
    if (id.value === BLOCK) found.blocks.push({ at: now + bytes.readInt16BE(begin + 1), isKey: (bytes[begin + 3] & 0x80) !== 0, data: bytes.subarray(begin, end) })
    at = isOpened ? begin : end
  }
}

/** Reads a number that tells its own length; none when it means "unknown". */
function field(bytes, at, isSize) {
  const length = Math.clz32(bytes[at]) - 23
  let value = isSize ? bytes[at] & (0xff >> length) : bytes[at]
  let isUnknown = isSize && value === 0xff >> length
  for (const byte of bytes.subarray(at + 1, at + length)) {
    value = value * 256 + byte
    isUnknown &&= byte === 0xff
  }
  return { length, value: isUnknown ? null : value }
}

function cluster(blocks) {
  const [first] = blocks
  const inside = blocks.map(({ at, data }) => {
    const moved = Buffer.from(data)
    moved.writeInt16BE(at - first.at, 1)
    return element(BLOCK, moved)
  })
  return Buffer.concat([element(CLUSTER, element(TIME, number(first.at)), ...inside), element(VOID, Buffer.alloc(GAP_BYTES))])
}

function element(id, ...inside) {
  const body = Buffer.concat(inside)
  const size = number(body.length)
  size[0] = 0x01
  const name = Buffer.from(id.toString(16), 'hex')
  return Buffer.concat([name, size, body])
}

/** A number in eight bytes; sizes keep the first for saying so. */
function number(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
