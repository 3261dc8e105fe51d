import { expect, test } from 'vitest'
import { addressIn, answerTo, isUnseen, quoted, who } from './shown.ts'

test('who wrote a mail is a name where there is one', () => {
  expect(who('Alice <alice@family.althing.internal>')).toBe('Alice')
  expect(who('"Alice L." <alice@family.althing.internal>')).toBe('Alice L.')
  expect(who('alice@family.althing.internal')).toBe('alice@family.althing.internal')
  expect(who('<alice@family.althing.internal>')).toBe('alice@family.althing.internal')
})

test('an answer goes to the address', () => {
  expect(addressIn('Alice <alice@family.althing.internal>')).toBe('alice@family.althing.internal')
  expect(addressIn('alice@family.althing.internal')).toBe('alice@family.althing.internal')
})

test('an answer says once that it is one, and what it answers', () => {
  expect(answerTo('The orchard')).toBe('Re: The orchard')
  expect(answerTo('RE: The orchard')).toBe('RE: The orchard')
  expect(quoted('one\r\n> two\n')).toBe('\n\n> one\n>> two\n')
})

test('a mail without the flag is unseen', () => {
  expect(isUnseen({ flags: ['\\Flagged'] })).toBe(true)
  expect(isUnseen({ flags: ['\\Flagged', '\\Seen'] })).toBe(false)
})
