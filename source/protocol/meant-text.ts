// meantText: who mistyped a name, or gave a part of it, is told which there are.

const MOST = 3;

/** ` Is a.iso or b.iso meant?` of names that hold what was asked for, in any case; empty when none does, or too many. */
export function meantText(asked: string, names: Iterable<string>): string {
  const part = asked.trim().toLowerCase();
  if (part === "") return "";
  const meant = new Set<string>();
  for (const name of names) if (name.toLowerCase().includes(part)) meant.add(name);
  return meant.size === 0 || meant.size > MOST ? "" : ` Is ${[...meant].join(" or ")} meant?`;
}
