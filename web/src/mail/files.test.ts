import { expect, test } from 'vitest'
import { onTheWay } from './files.ts'

test('on its way a file takes a third more, and its head', () => {
  expect(onTheWay(0)).toBe(1_000)
  expect(onTheWay(57)).toBe(1_078)
  expect(onTheWay(58)).toBe(1_156)
  expect(onTheWay(24_000_000)).toBeLessThan(33_554_432)
})
