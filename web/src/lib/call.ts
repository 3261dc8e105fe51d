// Asks the peer: one function for all operations, and what every fault looks like here.
import { session } from './session.svelte.ts'
import { t } from './strings.ts'
import { call as ask, FaultError, kinds, type Answer, type Arguments, type OperationName } from './api.gen.ts'
import type { Disposition, Fault, View } from './views.ts'

/** A fault as the peer said it, or as the page says it when the peer could not be asked. */
export class Refusal extends Error {
  constructor(readonly fault: Fault) {
    super(fault.what)
  }
}

/** How often an act is tried while the peer does not answer, and how far apart: a restart takes about a second. */
const ATTEMPTS = 4
const ATTEMPT_PAUSE_MS = 800

/**
 * Go through the peer's loop, but change nothing. Named by an id, each answer, with what was found, would be written to
 * the peer's disk, for every few letters typed.
 */
const LOOKS: ReadonlySet<string> = new Set(['search.find', 'search.more', 'pages.edit', 'pages.here', 'host.component', 'compute.wait', 'talk.draft', 'agents.try'])

/** Acts of pages, until the generated client knows them. */
const PAGE_ACTS: ReadonlySet<string> = new Set(['pages.publish', 'pages.unpublish', 'pages.new', 'pages.restore', 'pages.remove', 'pages.bring_back', 'host.open_site', 'host.export_document'])

/** The code of the fault this page makes when the peer does not answer. */
export const PEER_AWAY = 'page.peer-away'

/** Asks one operation. Throws a {@link Refusal}, and only that. */
export async function call<Name extends OperationName>(
  name: Name, given: Arguments<Name>, signal?: AbortSignal,
): Promise<Answer<Name>> {
  try {
    return await patiently(name, given, signal)
  } catch (error) {
    if (!(error instanceof FaultError)) throw new Refusal(signal?.aborted ? stopped() : away())
    if (error.status === 401) session.close()
    throw new Refusal(complete(error.fault, error.status))
  }
}

/**
 * Asks again when the peer does not answer. An act carries one id through all attempts, so that the peer does it
 * once even when only its answer was lost; what is only looked at is asked once, since news asks again anyway.
 */
async function patiently<Name extends OperationName>(
  name: Name, given: Arguments<Name>, signal?: AbortSignal,
): Promise<Answer<Name>> {
  const isAct = (kinds[name] === 'act' || PAGE_ACTS.has(name)) && !LOOKS.has(name)
  const operationId = isAct ? { operationId: randomId() } : {}
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(session.token ?? '', name, given, { ...operationId, ...(signal ? { signal } : {}) })
    } catch (error) {
      const isFinal = !isAct || attempt >= ATTEMPTS || signal?.aborted
      if (error instanceof FaultError || isFinal) throw error
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_PAUSE_MS))
    }
  }
}

function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Asks for an address on which a file can be shown or saved; good for a while, for this file only. */
export async function view(path: string, disposition: Disposition, revision?: number): Promise<View> {
  const asked = { path, disposition, ...(revision === undefined ? {} : { revision }) }
  return (await (await send('/view', JSON.stringify(asked))).json()) as View
}

/** Asks for an address on which a file of a site can be shown. */
export async function siteAddress(label: string, path: string): Promise<string> {
  return ((await (await send('/site', JSON.stringify({ label, path }))).json()) as { url: string }).url
}

/** Asks for the QR code of a text, as an SVG drawing. */
export async function qr(text: string): Promise<string> {
  return (await send('/qr', JSON.stringify({ text }))).text()
}

/** Tells the peer something while the window closes: nobody waits for the answer. */
export function tellLast(operation: string, given: unknown): void {
  const headers = { 'x-althing': '1', 'content-type': 'application/json', ...(session.token ? { authorization: `Bearer ${session.token}` } : {}) }
  void fetch(`/api/${operation}`, { method: 'POST', headers, body: JSON.stringify(given), keepalive: true }).catch(() => {})
}

/** Sends a request with the session; answers that are no success become refusals. */
export async function send(path: string, body: string | null, signal?: AbortSignal): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(path, {
      method: body === null ? 'GET' : 'POST',
      headers: {
        'x-althing': '1',
        ...(session.token ? { authorization: `Bearer ${session.token}` } : {}),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      body,
      ...(signal ? { signal } : {}),
    })
  } catch {
    if (signal?.aborted) throw new Refusal(stopped())
    throw new Refusal(away())
  }
  if (answer.status === 401) session.close()
  if (!answer.ok) throw new Refusal(await read(answer))
  return answer
}

/** Returns the fault of anything thrown. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Refusal) return error.fault
  return made('page.broken', error instanceof Error ? error.message : String(error))
}

async function read(answer: Response): Promise<Fault> {
  try {
    return complete((await answer.json()) as Partial<Fault>, answer.status)
  } catch {
    return made('page.no-fault', t.faults.status(answer.status))
  }
}

/** Makes sure that what says it is a fault has all parts of one. */
function complete(fault: Partial<Fault> | null, status: number): Fault {
  if (typeof fault?.code !== 'string' || typeof fault.what !== 'string') {
    return made('page.no-fault', t.faults.status(status))
  }
  return { code: fault.code, kind: fault.kind ?? 'broken', what: fault.what, remedies: fault.remedies ?? [] }
}

function stopped(): Fault {
  return made('page.stopped', t.faults.stopped)
}

function away(): Fault {
  return {
    code: PEER_AWAY, kind: 'unreachable', what: t.faults.away,
    remedies: [{ command: 'althing', text: t.faults.startPeer }],
  }
}

function made(code: string, what: string): Fault {
  return { code, kind: 'broken', what, remedies: [] }
}
