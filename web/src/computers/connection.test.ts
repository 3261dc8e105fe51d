import { describe, expect, it } from 'vitest'
import {
  deedOf, isConnected, moving, proposedGigabytes, readGigabytes, remedyParts, roundTrip, sentence, serveCommand, services, shellWord, shortAddress, volume,
} from './connection.ts'

describe('how a computer is connected', () => {
  it('only three of the states carry packets', () => {
    const all = ['this', 'lan', 'direct', 'relayed', 'trying', 'none'] as const
    expect(all.filter(isConnected)).toEqual(['lan', 'direct', 'relayed'])
  })

  it('round trips read as near or far, never as zero', () => {
    const check = (microseconds: number, text: string) => expect(roundTrip(microseconds)).toBe(text)
    check(0, '1 µs')
    check(42, '42 µs')
    check(380, '0.4 ms')
    check(3_240, '3.2 ms')
    check(9_940, '9.9 ms')
    check(9_960, '10 ms')
    check(48_000, '48 ms')
    check(1_204_000, '1,204 ms')
  })

  it('what moves is told with its direction, also in words; nothing when nothing moves', () => {
    expect(moving({ receiving: 0, sending: 0 })).toEqual([])
    expect(moving({ receiving: 4_200_000, sending: 0 })).toEqual([{ sign: '↓', text: '4.2 MB/s', said: 'receiving 4.2 MB/s' }])
    expect(moving({ receiving: 5, sending: 7 }).map(({ said }) => said)).toEqual(['receiving 5 B/s', 'sending 7 B/s'])
  })

  it('what a computer serves is named with its room; an unknown service is shown as it is', () => {
    const check = (serves: string[], mirror: number | null, texts: string[]) => expect(services({ serves, mirror }).map(({ text }) => text)).toEqual(texts)
    check([], null, [])
    check(['relay', 'mirror'], 100_000_000_000, ['Relay', 'Mirror, 100.0 GB'])
    check(['mirror'], null, ['Mirror'])
    check(['broker', 'lighthouse'], null, ['Broker', 'lighthouse'])
  })

  it('what the peer says becomes a sentence, and a sentence stays one', () => {
    const check = (text: string, said: string) => expect(sentence(text)).toBe(said)
    check('', '')
    check('no answer from its address', 'No answer from its address.')
    check('It left. ', 'It left.')
    check('مها is away', 'مها is away.')
  })

  it('a relay is named by its place, an address keeps its port', () => {
    expect(shortAddress('https://relay.example.org./')).toBe('relay.example.org')
    expect(shortAddress('https://relay.example.org:443/')).toBe('relay.example.org')
    expect(shortAddress('http://192.0.2.7:3340/')).toBe('192.0.2.7:3340')
    expect(shortAddress('[2001:db8::7]:41641')).toBe('[2001:db8::7]:41641')
    expect(shortAddress('')).toBe('')
  })
})

describe('what can be done', () => {
  const commands = (remedy: string) => remedyParts(remedy).filter(({ isCommand }) => isCommand).map(({ text }) => text)

  it('nothing is lost in taking a remedy apart', () => {
    const check = (remedy: string, said: string) => expect(remedyParts(remedy).map(({ text }) => text).join('')).toBe(said)
    check('', '')
    check('ask Bob to start Althing there', 'ask Bob to start Althing there')
    check('say `althing net lan on`, then wait', 'say althing net lan on, then wait')
    check('an unpaired ` stays', 'an unpaired ` stays')
  })

  it('commands are found in backticks and bare, the name of the program alone is none', () => {
    expect(commands('ask Bob to start Althing there')).toEqual([])
    expect(commands('`althing serve family --relay` on a computer that others can reach')).toEqual(['althing serve family --relay'])
    expect(commands('althing net lan on: finds others nearby')).toEqual(['althing net lan on'])
    expect(commands('say althing net lan on, or althing serve lab --relay')).toEqual(['althing net lan on', 'althing serve lab --relay'])
  })

  it('a command at the end of a sentence is found without the full stop', () => {
    expect(commands(sentence('let a computer that is always on carry for you: althing serve family --relay'))).toEqual(['althing serve family --relay'])
  })

  it('what this page can do itself is a button; the rest is typed', () => {
    expect(deedOf('althing net lan on')).toEqual({ kind: 'lan' })
    expect(deedOf('althing net lan off')).toBeNull()
    expect(deedOf('althing serve family --relay')).toEqual({ kind: 'serve', web: 'family' })
    expect(deedOf('althing serve WEB --relay')).toEqual({ kind: 'serve', web: '' })
    expect(deedOf('althing serve family --stop')).toBeNull()
    expect(deedOf('althing invite family')).toEqual({ kind: 'invite', web: 'family' })
    expect(deedOf('althing invite')).toBeNull()
    expect(deedOf('rm -rf /')).toBeNull()
  })
})

describe('the command that does the same', () => {
  it('says what was chosen', () => {
    expect(serveCommand({ web: 'family', relay: true, mirror: 100_000_000_000 })).toBe('althing serve family --relay --mirror 100GB')
    expect(serveCommand({ web: 'family', broker: true, mirror: null })).toBe('althing serve family --broker')
    expect(serveCommand({ web: 'family', relay: true, stop: true })).toBe('althing serve family --stop')
  })

  it('a web is one word of the shell, whatever it is called', () => {
    const check = (web: string, word: string) => expect(shellWord(web)).toBe(word)
    check('family', 'family')
    check('bob~2f', 'bob~2f')
    check('مها', 'مها')
    check('the lab', "'the lab'")
    check("Bob's; rm -rf ~", `'Bob'\\''s; rm -rf ~'`)
    check('$(id)', "'$(id)'")
    check('-rf', "'-rf'")
    check('~root', "'~root'")
    check('', "''")
  })

  it('room is written without losing a byte', () => {
    const check = (bytes: number, text: string) => expect(volume(bytes)).toBe(text)
    check(100_000_000_000, '100GB')
    check(2_000_000_000_000, '2TB')
    check(1_500_000_000, '1500MB')
    check(10_000_001, '10000001')
    check(0, '0')
  })

  it('room is read as a person writes it', () => {
    const check = (text: string, bytes: number | null) => expect(readGigabytes(text)).toBe(bytes)
    check('100', 100_000_000_000)
    check(' 0,5 ', 500_000_000)
    check('0.01', 10_000_000)
    check('0.009', null)
    check('0', null)
    check('', null)
    check('-3', null)
    check('1e3', null)
    check('ten', null)
    check('999999999', null)
  })

  it('what is proposed fits the disk', () => {
    expect(proposedGigabytes(900_000_000_000)).toBe('100')
    expect(proposedGigabytes(80_000_000_000)).toBe('40')
    expect(proposedGigabytes(0)).toBe('1')
  })
})
