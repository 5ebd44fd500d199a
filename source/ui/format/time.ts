// Durations and the time of day.

/** `seconds` as `0:12`, `1:02:03`, `14 h`, `5 d`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole >= 100 * 3600) return `${Math.round(whole / 86_400)} d`;
  const hours = Math.floor(whole / 3600);
  if (hours >= 10) return `${hours} h`;
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Wall time (milliseconds since 1970) as `14:02:10` where the viewer runs. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Wall time as `2026-11-23` where the viewer runs. */
export function formatDate(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}
