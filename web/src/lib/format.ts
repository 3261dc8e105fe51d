// Numbers and times as a person reads them. Pure; the words come from the catalogue.
import { t } from './strings.ts'

const SIZE_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB']

/** Writes a size in decimal units, as file managers and the command line do. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  let value = bytes
  for (const unit of SIZE_UNITS) {
    value /= 1000
    // Cut, not rounded: 999,999 bytes are not yet 1.0 MB, and nothing is shown as done before it is.
    const tenths = Math.floor(value * 10) / 10
    if (tenths < 1000 || unit === 'PB') return `${tenths.toFixed(1)} ${unit}`
  }
  return `${bytes} B`
}

/** Writes a speed. */
export function speed(bytesPerSecond: number): string {
  return `${size(bytesPerSecond)}/s`
}

/** Writes a whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

/** Part done as whole per cent; 100 only when all is done. */
export function percent(done: number, total: number): number {
  if (total <= 0) return done >= total ? 100 : 0
  if (done >= total) return 100
  return Math.min(99, Math.floor((done / total) * 100))
}

/** Writes a duration coarsely: `40 s`, `3 min`, `2 h 5 min`, `4 days`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return t.time.seconds(whole)
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return t.time.minutes(minutes)
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 ? t.time.hoursMinutes(hours, minutes % 60) : t.time.hours(hours)
  return t.time.days(Math.round(hours / 24))
}

/** Writes a duration in one unit, for the past. */
function coarse(seconds: number): string {
  if (seconds < 3600) return duration(seconds)
  return seconds < 86_400 ? t.time.hours(Math.floor(seconds / 3600)) : t.time.days(Math.floor(seconds / 86_400))
}

/** Writes how long ago something was; the future reads as such, since clocks of others may be wrong. */
export function ago(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000)
  if (seconds < -60) return t.time.ahead(duration(-seconds))
  if (seconds < 45) return t.time.justNow
  if (seconds < 7 * 86_400) return t.time.ago(coarse(seconds))
  const date = new Date(at)
  const sameYear = date.getFullYear() === new Date(now).getFullYear()
  return date.toLocaleDateString(t.locale, {
    day: 'numeric', month: 'short', ...(sameYear ? {} : { year: 'numeric' }),
  })
}

/** Writes until when something lasts: `in 6 days`, or that it is over. */
export function until(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  return seconds <= 0 ? t.time.over : t.time.ahead(duration(seconds))
}

/** Writes the exact time, for hovering. */
export function exact(at: number): string {
  return new Date(at).toLocaleString(t.locale, { dateStyle: 'full', timeStyle: 'medium' })
}

/** The day something belongs to, as a heading. */
export function day(at: number, now: number): string {
  const start = (time: number) => new Date(time).setHours(0, 0, 0, 0)
  const days = Math.round((start(now) - start(at)) / 86_400_000)
  if (days === 0) return t.time.today
  if (days === 1) return t.time.yesterday
  return new Date(at).toLocaleDateString(t.locale, { weekday: 'long', day: 'numeric', month: 'long' })
}
