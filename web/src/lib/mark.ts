// A person's mark: a shape and two colours made of the person's id, the same on every computer, so that two
// people with the same name are told apart at a glance. Not a proof of anything: safety codes are.

/** How many shapes and hues there are; 8 × 12 × 6 marks of what the eye tells apart. */
const HUES = [20, 48, 75, 100, 135, 160, 190, 215, 245, 275, 310, 345]

export const SHAPES = [
  'M12 1a11 11 0 1 1 0 22a11 11 0 1 1 0-22z',
  'M5 2h14a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3z',
  'M12 .5l3.2 3.6 4.8-.3.3 4.8L23.5 12l-3.6 3.2.4 4.8-4.8.3L12 23.5l-3.2-3.6-4.8.4-.3-4.8L.5 12l3.6-3.2L3.8 4l4.8-.3z',
  'M12 1.5l10.5 7.6-4 12.4H5.5l-4-12.4z',
  'M12 .8l10 5.6v11.2l-10 5.6-10-5.6V6.4z',
  'M12 .5L23.5 12 12 23.5.5 12z',
  'M2 2h11a9 9 0 0 1 9 9v11H11a9 9 0 0 1-9-9z',
  'M8 1.5h8v6.5h6.5v8H16v6.5H8V16H1.5V8H8z',
]

export const FIGURES = [
  'M12 8a4 4 0 1 1 0 8a4 4 0 1 1 0-8z',
  'M0 12h24v12H0z',
  'M0 0h12v24H0z',
  'M0 24L24 0v24z',
  'M0 9h24v6H0z',
  'M9 0h6v24H9z',
]

export interface Mark {
  shape: string
  figure: string
  hue: number
  otherHue: number
}

/** Makes the mark of an id (hex digits); any other text works too, as a fallback for someone unknown. */
export function mark(id: string): Mark {
  const numbers = digest(id)
  const hue = pick(numbers[1], HUES)
  const turn = 40 + ((numbers[3] ?? 0) % 5) * 35
  return {
    shape: pick(numbers[0], SHAPES),
    figure: pick(numbers[2], FIGURES),
    hue,
    otherHue: (hue + turn) % 360,
  }
}

function pick<T>(number: number | undefined, from: readonly T[]): T {
  return from[(number ?? 0) % from.length] as T
}

/** Four well-mixed numbers of a text (FNV-1a with a different start each). */
function digest(text: string): number[] {
  return [1, 2, 3, 4].map((start) => {
    let hash = 0x811c9dc5 ^ (start * 0x9e3779b1)
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    hash ^= hash >>> 15
    return Math.imul(hash, 0x2c1b3c6d) >>> 8
  })
}
