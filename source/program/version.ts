// The version, read from package.json: the one place where it stands.
import { readFileSync } from "node:fs";

/** `0.1.0` */
export function version(): string {
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
      if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new RangeError("package.json is gone");
}
