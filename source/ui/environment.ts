// What the environment says of the terminal.

/** Whether the terminal shows more than ASCII: the first of LC_ALL, LC_CTYPE and LANG that is set names UTF-8, or none is set. */
export function showsUnicode(environment: NodeJS.ProcessEnv): boolean {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"];
  return locale === undefined || locale === "" || /utf-?8/i.test(locale);
}

/** Whether colours are wanted: NO_COLOR (no-color.org) is not set, or empty. */
export function showsColour(environment: NodeJS.ProcessEnv): boolean {
  return !environment["NO_COLOR"];
}
