// Tunnels of the sample peer, of the forms a real peer answers. Nothing listens anywhere.
import type { OfferTunnel, Role, TunnelUse, TunnelView } from '../src/lib/views.ts'
import { DAY, HOUR, MINUTE, NOW } from './sample-data.ts'

type Asked = Partial<OfferTunnel> & { tunnel?: string; name?: string }
type Fault = (code: string, kind: string, what: string, remedies?: unknown[]) => Error

const to = (...people: string[]) => ({ to: people, role: null })
const tunnel = (web: string, by: string, name: string, more: Partial<TunnelView> = {}): TunnelView => ({
  tunnel: `${web}/${by}/${name}`, name, state: '', address: '', audience: '', to: [], role: 'member', note: '', web, by, is_offered: true, is_offered_here: false, is_open: false, is_reachable: true, changed: NOW - DAY, ...more,
})
const own = (web: string, name: string, port: number, more: Partial<TunnelView> = {}): TunnelView => tunnel(web, 'you', name, { is_offered_here: true, address: `127.0.0.1:${port}`, ...more })

const TUNNELS: TunnelView[] = [
  tunnel('family', 'bob', 'printer', { ...to('you'), note: 'colour, on my desk', is_open: true, address: '127.0.0.1:18632' }),
  tunnel('family', 'bоb~51c3aa', 'ledger', { note: 'turn \u202e back', role: 'member' }),
  tunnel('family', 'carol', 'ledger', { note: 'our books; ask me for a password', ...to('Uncle Ted', 'bob', 'you'), is_open: true, is_reachable: false, address: '127.0.0.1:5432' }),
  tunnel('family', 'Uncle Ted', 'model', { role: 'admin', note: 'answers questions, slowly' }),
  tunnel('family', 'Uncle Ted', 'model', { role: 'admin', is_reachable: false }),
  tunnel('family', 'مها', 'x'.repeat(40), { role: 'member', note: 'ü'.repeat(100), is_reachable: false }),
  tunnel('lab', 'grace', 'notebook', { ...to('you'), is_open: true, is_offered: false, address: '127.0.0.1:8888' }),
  tunnel('lab', 'you', 'desk-ssh', { ...to('you') }),
  own('family', 'garden-camera', 8081, { role: 'member', note: 'the page of the camera at the pond' }),
  own('family', 'books', 5432, { ...to('Uncle Ted', 'bob'), note: 'PostgreSQL; ask me for a password' }),
  own('lab', 'game', 25_565, { ...to('grace') }),
]

const use = (name: string, who: string, until: number, more: Partial<TunnelUse> = {}): TunnelUse => ({ name, who, connections: 1, refused: 0, sent: 1_204, received: 48_210, from: until - 4_000, until, web: 'family', ...more })
const USES: TunnelUse[] = [
  use('books', 'bob', NOW - 3 * MINUTE, { connections: 12, sent: 482_003, received: 20_000_412, from: NOW - 2 * HOUR }), use('books', 'carol', NOW - 9 * MINUTE, { connections: 0, refused: 3, sent: 0, received: 0 }),
  use('old-wiki', 'bоb~51c3aa', NOW - DAY), use('books', '9f21c04e', NOW - 2 * DAY, { connections: 0, refused: 1, sent: 0, received: 0 }),
  ...Array.from({ length: 30 }, (_, index) => use('books', 'Uncle Ted', NOW - (3 + index) * DAY, { connections: 1 + (index % 5) })), use('game', 'grace', NOW - 5 * HOUR, { web: 'lab', from: NOW - 7 * HOUR, received: 912_000_000 }),
]

function stateOf({ is_offered, is_offered_here, is_open, is_reachable }: TunnelView): string {
  if (!is_offered) return is_open ? 'open here, taken back by its owner' : 'taken back'
  if (is_offered_here) return 'offered by this computer'
  if (is_open) return is_reachable ? 'open here' : 'open here, its computer is away'
  return is_reachable ? 'can be opened' : 'its computer is away'
}

const AUDIENCES: Record<Role, string> = { guest: 'everybody, guests too', carrier: 'everybody, guests too', member: 'all members', admin: 'admins and owners', owner: 'owners' }

/** What the sample peer answers about tunnels. */
export function sampleTunnels(fault: Fault, push: (kind: string, about: unknown) => void): Record<string, (asked: Asked) => unknown> {
  const shown = (one: TunnelView) => Object.assign(one, { state: stateOf(one), audience: one.role ? AUDIENCES[one.role] : one.to.join(', ') })
  const change = (one: TunnelView, more: Partial<TunnelView>) => { Object.assign(one, more); push('tunnels.changed', { web: one.web, name: one.name, tunnel: one.tunnel }); return shown(one) }
  const find = (of = '') => {
    const found = TUNNELS.find((each) => each.tunnel === of)
    if (!found) throw fault('tunnels.no-such-tunnel', 'yours', `there is no tunnel called ${of}`, [{ command: 'althing tunnel list', text: 'lists what is offered to you' }])
    return found
  }
  return {
    'tunnels.list': ({ web }) => ({ tunnels: TUNNELS.filter((each) => (!web || each.web === web) && (each.is_offered || each.is_open)).map(shown) }),
    'tunnels.log': ({ name }) => ({ uses: USES.filter((each) => !name || each.name === name) }),
    'tunnels.offer': ({ web, as = '', port = 0, to = [], role, note }) => {
      if (as === 'taken') throw fault('tunnels.too-many', 'refused', 'this computer offers 64 tunnels in that web, and no more can be kept', [{ command: '', text: 'use a name again that you offered before' }])
      const made = own(web ?? 'family', as, port, { to, role: to.length > 0 ? null : (role ?? 'member'), note: note ?? '', changed: Date.now() })
      const before = TUNNELS.findIndex((each) => each.is_offered_here && each.tunnel === made.tunnel)
      if (before < 0) TUNNELS.push(made)
      else TUNNELS[before] = made
      return change(made, {})
    },
    'tunnels.withdraw': ({ name, web }) => {
      const found = TUNNELS.find((each) => each.is_offered_here && each.is_offered && each.name === name && (!web || each.web === web))
      if (!found) throw fault('tunnels.not-offered', 'yours', `this computer offers no tunnel called ${name}`, [{ command: 'althing tunnel list', text: 'lists tunnels' }])
      return change(found, { is_offered: false })
    },
    'tunnels.open': async ({ tunnel: of, port }) => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      if (port === 80) throw fault('tunnels.cannot-listen', 'settings', 'cannot listen at port 80 of this computer: something else listens there', [{ command: '', text: 'say another port, or none: then a free one is taken' }])
      const found = find(of)
      const made = change(found, { is_open: true, address: `127.0.0.1:${port ?? 40_123}` })
      push('tunnels.open', { web: found.web, name: found.name, tunnel: found.tunnel, connections: 0, trouble: '' })
      return made
    },
    'tunnels.close': ({ tunnel: of }) => change(find(of), { is_open: false, address: '' }),
  }
}
