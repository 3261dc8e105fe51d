// A person's mark as plain nodes, where no part of the page's framework can stand.
import { mark } from '../lib/mark.ts'

const SVG = 'http://www.w3.org/2000/svg'
let made = 0

function node(name: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

/** Draws a person's mark. */
export function face(id: string, size: number): SVGElement {
  const { shape, figure, hue, otherHue } = mark(id)
  const clip = `face-${(made += 1)}`
  const drawing = node('svg', { width: String(size), height: String(size), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' })
  const path = node('clipPath', { id: clip })
  path.append(node('path', { d: shape }))
  const group = node('g', { 'clip-path': `url(#${clip})` })
  group.append(node('rect', { width: '24', height: '24', fill: `oklch(0.58 0.115 ${hue})` }), node('path', { d: figure, fill: `oklch(0.84 0.085 ${otherHue})` }))
  drawing.append(path, group)
  return drawing
}

/** The hue of a person's mark. */
export const hueOf = (id: string): number => mark(id).hue
