// Files that come with mails: saving a part, and bringing a file to the peer while a mail is written, with progress.
// Not for: what is shown of a mail.
import { Refusal, send } from '../lib/call.ts'
import { session } from '../lib/session.svelte.ts'
import { t } from '../lib/strings.ts'
import type { Fault, PartUrl, TakenFile } from '../lib/views.ts'

/** Letters of a line on the way, with the line's end, for so many bytes. */
const LINE = 78
const LINE_BYTES = 57
/** What a part needs besides: its head. */
const HEAD_BYTES = 1_000

/** How many bytes a file takes on its way: in 64 letters, by lines. */
export function onTheWay(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE + HEAD_BYTES
}

/** Has the browser save a part of a mail, or all of it (0). The answer says "attachment", so the page stays where it is. */
export async function savePart(message: string, part: number): Promise<void> {
  const { url } = (await (await send('/part', JSON.stringify({ message, part }))).json()) as PartUrl
  location.assign(url)
}

/** Brings the bytes of a file to the peer. Not by `fetch`: only this older way tells how much has gone. */
export function bring(file: Blob, onprogress: (done: number) => void, signal: AbortSignal): Promise<TakenFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const fail = (code: string, what: string) => reject(new Refusal({ code, kind: 'broken', what, remedies: [] }))
    request.open('POST', '/attachment')
    request.setRequestHeader('x-althing', '1')
    request.setRequestHeader('content-type', 'application/octet-stream')
    if (session.token) request.setRequestHeader('authorization', `Bearer ${session.token}`)
    request.upload.onprogress = ({ loaded }) => onprogress(loaded)
    request.onerror = () => fail('page.peer-away', t.faults.away)
    request.onabort = () => fail('page.stopped', t.faults.stopped)
    request.onload = () => {
      if (request.status === 401) session.close()
      const answer = read(request.responseText)
      if (request.status === 200 && typeof answer?.id === 'string') resolve(answer as TakenFile)
      else if (typeof answer?.code === 'string' && typeof answer.what === 'string') reject(new Refusal({ kind: 'broken', remedies: [], ...answer } as Fault))
      else fail('page.no-fault', t.faults.status(request.status))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function read(text: string): Partial<TakenFile & Fault> | null {
  try {
    return JSON.parse(text) as Partial<TakenFile & Fault>
  } catch {
    return null
  }
}
