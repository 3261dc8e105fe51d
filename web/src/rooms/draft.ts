// What was begun to be said in a conversation, kept by the peer.
import { call, tellLast } from '../lib/call.ts'
import { Keeping } from '../lib/keeping.ts'

export class Draft extends Keeping {
  /** @param onkept is told what is kept, and whether it follows to other computers */
  constructor(readonly room: string, kept: string, onkept: (text: string, follows: boolean) => void) {
    super(kept, async (text) => onkept(text, (await call('talk.draft', { room, text })).follows), (text) => tellLast('talk.draft', { room, text }))
  }
}
