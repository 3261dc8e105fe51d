import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findTicket, read } from './ticket.ts'

const VECTORS = new URL('../../../specs/vectors/', import.meta.url)

describe('invitations', () => {
  it('are found in what was pasted', () => {
    const link = `althing1${'q'.repeat(40)}`
    expect(findTicket(`Hi Bob, here it is: ${link} . See you!`)).toBe(link)
    expect(findTicket('nothing here')).toBe('')
    expect(findTicket('althing1short')).toBe('')
  })

  it('that are damaged tell nothing', () => {
    expect(read(`althing1${'q'.repeat(60)}`)).toBeNull()
    expect(read('')).toBeNull()
  })

  it('of the specification are read as they were made', () => {
    const tickets = vectors('accept.json')
    expect(tickets.length).toBeGreaterThan(0)
    for (const { text, finds } of tickets) expect(read(text)?.web).toBe(finds.web_name)
  })

  it('that the specification refuses as damaged are not read', () => {
    const damaged = vectors('refuse.json').filter(({ name }) => /letter|checksum|damaged/i.test(name))
    expect(damaged.length).toBeGreaterThan(0)
    for (const { text } of damaged) expect(read(text)).toBeNull()
  })
})

interface Vector { kind: string; name: string; bytes: string; finds: { web_name?: string } }

function vectors(file: string): (Vector & { text: string })[] {
  const all = JSON.parse(readFileSync(new URL(file, VECTORS), 'utf8')) as Vector[]
  return all.filter(({ kind }) => kind === 'ticket')
    .map((vector) => ({ ...vector, text: Buffer.from(vector.bytes, 'hex').toString('latin1') }))
}
