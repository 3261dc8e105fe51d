import { describe, expect, it } from 'vitest'
import type { TunnelView } from '../lib/views.ts'
import { isName, NO_OFFER, offerCommand, offerOf, offerOfTunnel, readPort, wrong, type Offer } from './offer.ts'

const offer = (more: Partial<Offer>): Offer => ({ ...NO_OFFER, web: 'family', port: '5432', name: 'ledger', people: ['Bob'], ...more })

describe('an offer', () => {
  it('says what is said, and nothing else', () => {
    expect(offerOf(offer({}))).toEqual({ port: 5432, as: 'ledger', web: 'family', to: ['Bob'] })
    expect(offerOf(offer({ kind: 'member', note: ' our books ' }))).toEqual({ port: 5432, as: 'ledger', web: 'family', note: 'our books' })
    expect(offerOf(offer({ kind: 'admin' }))).toEqual({ port: 5432, as: 'ledger', web: 'family', role: 'admin' })
  })

  it('to chosen people of whom none is chosen is not sent: it would be for all members', () => {
    expect(wrong(offer({ people: [] }))).toEqual(['people'])
    expect(wrong(offer({ kind: 'member', people: [] }))).toEqual([])
    expect(wrong(offer({ people: Array.from({ length: 65 }, (_, index) => `p${index}`) }))).toEqual(['people'])
  })

  it('names what cannot be sent', () => {
    expect(wrong(offer({}))).toEqual([])
    expect(wrong(offer({ port: '0', name: 'My DB', note: 'ü'.repeat(101) }))).toEqual(['port', 'name', 'note'])
    expect(wrong(offer({ note: 'ü'.repeat(100) }))).toEqual([])
    expect(wrong(offer({ note: 'a\u0007b' }))).toEqual(['note'])
  })

  it('has a name as the peer takes it', () => {
    for (const name of ['a', 'ledger', 'old-printer', '9', 'a--b', 'x'.repeat(40)]) expect(isName(name)).toBe(true)
    for (const name of ['', '-a', 'a-', 'Ledger', 'a_b', 'ü', 'a b', 'x'.repeat(41)]) expect(isName(name)).toBe(false)
  })

  it('has a port', () => {
    expect([readPort('80'), readPort(' 65,535 '), readPort('65536'), readPort('0'), readPort(''), readPort('x')]).toEqual([80, 65_535, null, null, null, null])
  })

  it('is the same as a command', () => {
    expect(offerCommand(offer({ people: ['Uncle Bob', 'Carol'], note: 'it’s ours' }))).toBe("althing tunnel offer 5432 --as ledger --web family --to 'Uncle Bob' --to Carol --note 'it’s ours'")
    expect(offerCommand(offer({ kind: 'admin' }))).toBe('althing tunnel offer 5432 --as ledger --web family --role admin')
    expect(offerCommand(offer({ kind: 'member' }))).toBe('althing tunnel offer 5432 --as ledger --web family')
    expect(offerCommand(offer({ port: '', name: '', people: [] }))).toBe('althing tunnel offer PORT --as NAME --web family --to PERSON')
  })
})

describe('a change', () => {
  const tunnel = (more: Partial<TunnelView>): TunnelView => ({
    tunnel: 'family/you/ledger', name: 'ledger', state: '', address: '127.0.0.1:5432', audience: '', to: [], role: null, note: 'our books', web: 'family', by: 'you',
    is_offered: true, is_offered_here: true, is_open: false, is_reachable: true, changed: 0, ...more,
  })

  it('begins with what was said before', () => {
    expect(offerOfTunnel(tunnel({ to: ['Bob, the builder', 'you'] }), 'Alice')).toEqual({ web: 'family', port: '5432', name: 'ledger', kind: 'people', people: ['Bob, the builder', 'Alice'], note: 'our books' })
    expect(offerOfTunnel(tunnel({ role: 'admin' }), 'Alice')).toMatchObject({ kind: 'admin', people: [] })
  })

  it('to nobody any more is not sent as it is', () => {
    expect(wrong(offerOfTunnel(tunnel({}), 'Alice'))).toEqual(['people'])
  })
})
