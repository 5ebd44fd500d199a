// What a demo shows differs from run to run where nobody looks: ports, the day and its time, a folder's name, what is free. Here it is the
// same each time, column for column, so that two pictures differ where the viewer does.

const FIRST_CLOCK_SECONDS = 14 * 3600 + 2 * 60;

/** Steadies one run: the first port that is seen is always the same, and so on. Texts must be whole: a number cut in two is two. */
export class Steady {
  readonly #ports = new Map<string, string>();
  #clockBegan: number | undefined;

  text(text: string): string {
    return text
      .replace(/(127\.0\.0\.1:|port )(\d{5})(?!\d)/g, (_, host: string, port: string) => host + this.#portOf(port))
      .replace(/(?<![\d:])(\d\d):(\d\d):(\d\d)(?![\d:])/g, (_, hours: string, minutes: string, seconds: string) =>
        this.#clockOf(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)),
      )
      .replace(/(?<!\d)20\d\d-\d\d-\d\d(?!\d)/g, "2026-05-17")
      .replace(/(sta-demo-)\w{6}/g, "$1swarms")
      .replace(
        /(free )(\d[\d.]*)( [GT]B)/g,
        (_, before: string, value: string, unit: string) => before + same(value) + unit,
      )
      .replace(/(\d[\d.]*)( [GT]B free)/g, (_, value: string, behind: string) => same(value) + behind);
  }

  #portOf(port: string): string {
    const known = this.#ports.get(port) ?? String(40_001 + this.#ports.size);
    this.#ports.set(port, known);
    return known;
  }

  /** Seconds since the first that was seen, from 14:02:00 on; what is before it stands at the beginning. */
  #clockOf(seconds: number): string {
    this.#clockBegan ??= seconds;
    const at = FIRST_CLOCK_SECONDS + Math.max(0, seconds - this.#clockBegan);
    return [Math.floor(at / 3600), Math.floor(at / 60) % 60, at % 60]
      .map((part) => String(part).padStart(2, "0"))
      .join(":");
  }
}

/** As many digits as `value` has, and its point. */
function same(value: string): string {
  return value.replace(/\d/g, (_digit, index: number) => "212121"[index % 6]!);
}
