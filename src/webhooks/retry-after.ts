const dayMs = 24 * 60 * 60 * 1000;

/** The three forms of an HTTP date ([RFC 9110, 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)); the last one names no zone. */
const withZone =
  /^([A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4}|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2}) \d{2}:\d{2}:\d{2} GMT$/;
const withoutZone = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * How long a receiver asks to be left alone, in ms, at most a day, and the longest of several; null where it does not, or says no
 * time that we know ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
 */
export function retryAfterMs(header: string | readonly string[] | undefined, now: number): number | null {
  const times = [header ?? []]
    .flat()
    .map((text) => msOf(text, now))
    .filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? null : Math.min(dayMs, Math.max(0, ...times));
}

/** NaN for what is neither seconds nor a date. */
function msOf(text: string, now: number): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (withZone.test(text)) return Date.parse(text) - now;
  return withoutZone.test(text) ? Date.parse(`${text} GMT`) - now : NaN;
}
