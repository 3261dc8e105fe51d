import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Draft } from './draft.ts'

const { call, tellLast } = vi.hoisted(() => ({ call: vi.fn(), tellLast: vi.fn() }))
vi.mock('../lib/call.ts', () => ({ call, tellLast }))
const texts = () => call.mock.calls.map(([, { text }]) => text as string)

describe('a draft', () => {
  beforeEach(() => { vi.useFakeTimers(); vi.resetAllMocks(); call.mockResolvedValue({ follows: true, room: 'r' }) })
  afterEach(() => { vi.useRealTimers() })

  it('is kept a little after the last key, once', async () => {
    const draft = new Draft('r', '', () => {})
    draft.write('h')
    draft.write('hi')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(texts()).toEqual(['hi'])
    await draft.flush()
    expect(texts()).toEqual(['hi'])
  })

  it('that was said while it was being kept does not come back', async () => {
    let answer = (_: unknown) => {}
    call.mockImplementationOnce(() => new Promise((resolve) => { answer = resolve }))
    const draft = new Draft('r', '', () => {})
    draft.write('hi')
    await vi.advanceTimersByTimeAsync(1_000)
    draft.write('')
    const done = draft.flush()
    expect(texts()).toEqual(['hi'])
    answer({ follows: true })
    await done
    await vi.advanceTimersByTimeAsync(1_000)
    expect(texts()).toEqual(['hi', ''])
  })

  it('that could not be kept is kept later', async () => {
    call.mockRejectedValueOnce(new Error('away'))
    const draft = new Draft('r', '', () => {})
    draft.write('hi')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(texts()).toEqual(['hi', 'hi'])
  })

  it('is told at last when the window closes, unless it is kept', async () => {
    const draft = new Draft('r', 'kept', () => {})
    draft.leave()
    expect(tellLast).not.toHaveBeenCalled()
    draft.write('new')
    draft.leave()
    expect(tellLast).toHaveBeenCalledWith('talk.draft', { room: 'r', text: 'new' })
  })
})
