// What the one box can do besides finding: commands after `>`.
import { agents } from '../agents/agents.svelte.ts'
import { guard } from '../guard/guard.svelte.ts'
import { attempt } from './acts.ts'
import { call } from './call.ts'
import { desk } from './desk.svelte.ts'
import { canRead, canWrite, house, isAdmin } from './house.svelte.ts'
import { isolated, plain } from './names.ts'
import { last, webOf } from './paths.ts'
import { currentWeb, go, route } from './route.svelte.ts'
import { t } from './strings.ts'
import type { Drawing } from '../ui/Icon.svelte'

export interface Command {
  name: string
  icon: Drawing
  key?: string
  run: () => void
}

/** Lists the commands that make sense now. */
export function commands(): Command[] {
  const web = currentWeb() || house.webs.find(canRead)?.name || ''
  const inWeb: Command[] = !canRead(house.web(web)) ? [] : [
    { name: t.commands.share, icon: 'share', run: () => desk.open({ kind: 'share', web }) },
    { name: t.commands.invite, icon: 'plus', run: () => desk.open({ kind: 'invite', web }) },
    { name: t.documents.begin, icon: 'text', run: () => desk.open({ kind: 'new-document', web }) },
    { name: t.sites.publish, icon: 'globe', run: () => desk.open({ kind: 'publish', web }) },
  ]
  const warnable = fileInSight()
  return [
    ...inWeb,
    { name: t.commands.addWeb, icon: 'web', run: () => desk.open({ kind: 'add-web' }) },
    { name: t.commands.files, icon: 'folder', key: '1', run: () => go('files', currentWeb()) },
    { name: t.commands.people, icon: 'people', key: '2', run: () => go('people', currentWeb()) },
    { name: t.commands.news, icon: 'news', key: '3', run: () => go('news', currentWeb()) },
    { name: t.commands.transfers, icon: 'get', key: '4', run: () => go('transfers') },
    { name: t.search.goTo, icon: 'bell', key: '5', run: () => go('search') },
    { name: t.commands.computers, icon: 'computer', key: '6', run: () => go('computers', currentWeb()) },
    { name: t.commands.documents, icon: 'text', key: '7', run: () => go('documents', currentWeb()) },
    { name: t.commands.jobs, icon: 'chip', key: '8', run: () => go('jobs', currentWeb()) },
    { name: t.commands.newJob, icon: 'chip', run: () => desk.open({ kind: 'new-job', web }) },
    { name: t.commands.tunnels, icon: 'tunnel', key: '9', run: () => go('tunnels', currentWeb()) },
    { name: t.commands.rooms, icon: 'talk', key: '0', run: () => go('rooms', currentWeb()) },
    { name: t.commands.mail, icon: 'mail', key: 'm', run: () => go('mail') },
    { name: t.commands.inbox, icon: 'inbox', key: 'u', run: () => go('inbox') },
    { name: t.commands.guard, icon: 'shield', key: 'w', run: () => go('guard', currentWeb()) },
    { name: t.commands.agents, icon: 'agent', key: 'a', run: () => go('agents', currentWeb()) },
    ...(house.webs.some(isAdmin) ? [{ name: t.commands.admitAgent, icon: 'agent' as Drawing, run: () => desk.open({ kind: 'agent-admit', web: currentWeb() }) }] : []),
    ...(agents.all.length > 0 || agents.isOff ? [{ name: agents.isOff ? t.commands.agentsOn : t.commands.agentsOff, icon: 'agent' as Drawing, run: () => void agents.switchAll() }] : []),
    guard.isOff
      ? { name: t.commands.guardOn, icon: 'shield', run: () => void attempt(async () => { await call('guard.switch', { state: 'on' }); await guard.look(); desk.say(t.guard.switchedOn) }) }
      : { name: t.commands.guardOff, icon: 'unshield', run: () => desk.open({ kind: 'guard-off' }) },
    ...(house.webs.some(canWrite) ? [{ name: t.commands.guardRules, icon: 'shield' as Drawing, run: () => desk.open({ kind: 'guard-add-rules', web: currentWeb() }) }] : []),
    ...(warnable === '' ? [] : [{ name: t.commands.guardWarn(isolated(last(warnable))), icon: 'warn' as Drawing, run: () => desk.open({ kind: 'guard-warn', path: warnable }) }]),
    { name: t.commands.works, icon: 'chip', run: () => go('computers', currentWeb()) },
    ...(house.webs.some(canWrite) ? [{ name: t.commands.offerTunnel, icon: 'tunnel' as Drawing, run: () => desk.open({ kind: 'offer-tunnel', web: currentWeb() }) }] : []),
    ...(house.webs.some(canWrite) ? [
      { name: t.commands.newRoom, icon: 'talk' as Drawing, run: () => desk.open({ kind: 'new-room', web: currentWeb() }) },
      { name: t.commands.newDirect, icon: 'talk' as Drawing, run: () => desk.open({ kind: 'new-direct', web: currentWeb() }) },
    ] : []),
    { name: t.commands.serve, icon: 'relay', run: () => desk.open({ kind: 'serve', web: currentWeb() }) },
    ...house.webs.map((each): Command => ({
      name: t.commands.goTo(plain(each.name)), icon: 'web', run: () => go('files', each.name),
    })),
    { name: t.commands.theme, icon: 'moon', run: () => desk.switchTheme() },
    { name: t.commands.compact, icon: 'text', run: () => desk.setCompact(!desk.isCompact) },
    { name: t.commands.computer, icon: 'computer', run: () => desk.open({ kind: 'peer' }) },
    { name: t.commands.rename, icon: 'person', run: () => desk.open({ kind: 'name' }) },
    { name: t.commands.keys, icon: 'key', key: '?', run: () => desk.open({ kind: 'keys' }) },
    ...(currentWeb() === '' ? [] : [
      { name: t.commands.leave, icon: 'close' as Drawing, run: () => desk.open({ kind: 'leave', web: currentWeb() }) },
    ]),
  ]
}

/** The path of the file that is open or chosen in the tree, in a web where others can be warned of it. */
function fileInSight(): string {
  if (route.section !== 'files') return ''
  const path = route.isOpen ? route.path : desk.chosen?.kind === 'file' ? desk.chosen.path : ''
  return canWrite(house.web(webOf(path))) ? path : ''
}

/** The commands whose names hold every word. */
export function matching(query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return commands().filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
}
