// What Alice shares in the tests: a few files of each kind that is shown in place, and names that are hard to show.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'

/** Names that a file system takes and a page must survive; after the big list of naughty strings. */
export const NAUGHTY = [
  'a\nnew line.txt', 'turn \u202Egnp.txt', '__proto__', 'constructor', 'CON', 'NUL.txt', '<img src=x onerror=alert(1)>.html',
  '\u200b', 'ﷺ'.repeat(8), 'Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮.txt', '👩🏽‍🚀.png', 'مستند مهم.pdf', '$(touch me)', '`id`', '%2e%2e%2f', 'a?b#c&d=e.txt', `${'ü'.repeat(120)}.txt`,
  ' leading and trailing ', 'tab\tname', '\u0007bell', '\u001b[31mred', '{{7*7}}', '${7*7}', "'; DROP TABLE files; --", 'null', 'undefined', '-rf', '..x', '社會科學院語學研究所', '．．．', '\ufeffmark', 'nbsp\u00a0here',
]

export async function fill(folder) {
  await mkdir(join(folder, 'pictures'), { recursive: true })
  await mkdir(join(folder, 'odd names'), { recursive: true })
  await mkdir(join(folder, 'many'), { recursive: true })
  await writeFile(join(folder, 'Q4 Roadmap.md'), '# Q4 Roadmap\n\nPlant the orchard.\n\n<script>alert(1)</script>\n')
  await writeFile(join(folder, 'budget.csv'), 'seeds,12\nspades,2\n')
  await writeFile(join(folder, 'attack.html'), '<script>top.location = "http://example.invalid/"; alert(document.domain)</script><h1>Hello</h1>')
  await writeFile(join(folder, 'drawing.svg'), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 50" onload="alert(1)"><script>alert(1)</script><rect width="80" height="50" fill="#cde5d6"/><circle cx="40" cy="25" r="12" fill="#7aa2b8"/></svg>')
  await writeFile(join(folder, 'pictures', 'pond.png'), png(320, 200))
  await writeFile(join(folder, 'bell.wav'), wav(1))
  await writeFile(join(folder, 'program.bin'), new Uint8Array(70_000).map((_, index) => index % 251))
  await Promise.all(NAUGHTY.map((name) => writeFile(join(folder, 'odd names', name), name)))
  await Promise.all(Array.from({ length: 1_200 }, (_, index) => writeFile(join(folder, 'many', `entry ${String(index).padStart(4, '0')}.txt`), `${index}\n`)))
}

function png(width, height) {
  const rows = Buffer.alloc((width * 3 + 1) * height)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3
      rows[at] = 90 + (x * 120) / width
      rows[at + 1] = 140 + (y * 80) / height
      rows[at + 2] = 150
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const head = Buffer.alloc(4)
    head.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(checksum(body))
    return Buffer.concat([head, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function checksum(bytes) {
  let sum = ~0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1))
  }
  return ~sum >>> 0
}

function wav(seconds) {
  const rate = 8_000
  const bytes = Buffer.alloc(44 + rate * seconds)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + rate * seconds, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate, 28)
  bytes.writeUInt16LE(1, 32)
  bytes.writeUInt16LE(8, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(rate * seconds, 40)
  for (let index = 0; index < rate * seconds; index += 1) bytes[44 + index] = 128 + 60 * Math.sin((index / rate) * 2 * Math.PI * 440) * Math.exp(-index / rate * 4)
  return bytes
}
