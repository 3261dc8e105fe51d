import { describe, expect, it } from 'vitest'
import type { TunnelUse, TunnelView } from '../lib/views.ts'
import { lastUse, pageAddress, portOf, signOf } from './shown.ts'

const tunnel = (more: Partial<TunnelView>): TunnelView => ({
  tunnel: 'family/Alice/ledger', name: 'ledger', state: 'open here', address: '127.0.0.1:40123', audience: 'all members', to: [], role: 'member', note: '', web: 'family', by: 'Alice',
  is_offered: true, is_offered_here: false, is_open: true, is_reachable: true, changed: 0, ...more,
})

describe('a tunnel', () => {
  it('shows at a glance whether it can be used', () => {
    expect(signOf(tunnel({}))).toEqual({ icon: 'here', tone: 'good' })
    expect(signOf(tunnel({ is_reachable: false }))).toEqual({ icon: 'away', tone: 'warn' })
    expect(signOf(tunnel({ is_open: false, is_reachable: false }))).toEqual({ icon: 'away', tone: '' })
    expect(signOf(tunnel({ is_open: false })).tone).toBe('')
    expect(signOf(tunnel({ is_offered: false })).tone).toBe('warn')
  })

  it('is linked to when it looks like a page', () => {
    expect(pageAddress(tunnel({ name: 'printer' }))).toBe('http://127.0.0.1:40123/')
    expect(pageAddress(tunnel({ name: 'old-wiki' }))).toBe('http://127.0.0.1:40123/')
    expect(pageAddress(tunnel({ note: 'the page of our pond' }))).toBe('http://127.0.0.1:40123/')
    expect(pageAddress(tunnel({ address: '127.0.0.1:8080' }))).toBe('http://127.0.0.1:8080/')
  })

  it('is not linked to when it looks like something else, is closed, or was taken back', () => {
    expect(pageAddress(tunnel({ note: 'our books; ask me for a password' }))).toBeNull()
    expect(pageAddress(tunnel({ name: 'printerless', address: '127.0.0.1:5432' }))).toBeNull()
    expect(pageAddress(tunnel({ address: '127.0.0.1:8443' }))).toBeNull()
    expect(pageAddress(tunnel({ name: 'wiki', address: '', is_open: false }))).toBeNull()
    expect(pageAddress(tunnel({ name: 'wiki', is_offered: false }))).toBeNull()
  })

  it('has a port when it has an address', () => {
    expect(portOf('127.0.0.1:5432')).toBe('5432')
    expect(portOf('')).toBe('')
  })

  it('was last used by whoever came through, not by whoever was refused', () => {
    const use = (more: Partial<TunnelUse>): TunnelUse => ({ name: 'ledger', who: 'Bob', connections: 1, refused: 0, sent: 0, received: 0, from: 0, until: 0, web: 'family', ...more })
    const bob = use({})
    expect(lastUse([use({ who: 'Carol', connections: 0, refused: 2 }), use({ web: 'lab' }), use({ name: 'wiki' }), bob], tunnel({}))).toBe(bob)
    expect(lastUse([], tunnel({}))).toBeUndefined()
  })
})
