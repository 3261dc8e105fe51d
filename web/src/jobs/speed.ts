// The graph of how fast a job is, and times of computing in words. Pure.
import { duration } from '../lib/format.ts'
import { t } from '../lib/strings.ts'

/** Seconds of one span of the peer's `speed`. */
export const SPAN_SECONDS = 5

/** A line and the area under it. */
export interface Graph { line: string; area: string; most: number; now: number }

/** Draws spans, oldest first, on a width and height. All at zero is a line at the foot. */
export function graphOf(spans: readonly number[], width: number, height: number): Graph {
  const most = spans.reduce((high, span) => Math.max(high, span), 0)
  const points = spans.map((span, index) => {
    const x = spans.length > 1 ? (index / (spans.length - 1)) * width : width
    const y = most === 0 ? height : height - (Math.max(0, span) / most) * height
    return `${tenth(x)} ${tenth(y)}`
  })
  const line = points.length === 0 ? '' : `M${points.join('L')}`
  const area = line === '' ? '' : `${line}V${height}H0z`
  return { line, area, most: perMinute(most), now: perMinute(spans.at(-1) ?? 0) }
}

/** A span's units as units per minute. */
export function perMinute(span: number): number {
  return Math.round((span * 60) / SPAN_SECONDS)
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

/** What can be said of when a job ends; the peer says nothing of one that does not go on. */
export function ends(job: { time_left: string; seconds_left: number | null; has_more: boolean }): string {
  if (job.time_left === '') return ''
  if (job.seconds_left === null) return t.jobs.noEnd
  const time = duration(job.seconds_left)
  return job.has_more ? t.jobs.atLeast(time) : t.transfers.left(time)
}

/** Processor time in words: `3 h 20 min of one core`. */
export function coreTime(seconds: number): string {
  return duration(seconds)
}
