// Where a web server has the files of a torrent (BEP 19).
import type { Metainfo } from "./metainfo.ts";

/** May a web server be asked at this URL? */
export function isWebSeed(url: string): boolean {
  return /^https?:\/\/[^/]/i.test(url) && URL.canParse(url);
}

/**
 * The URL of file `file` at the web seed `base`: of a torrent of one file `base` itself, unless it ends with a slash and so names a folder; of
 * others the folder that holds the torrent's folder.
 */
export function webSeedUrl(base: string, { name, files, singleFile }: Metainfo, file: number): string {
  if (singleFile && !base.endsWith("/")) return base;
  const path = singleFile ? [name] : [name, ...files[file]!.path];
  return `${base}${base.endsWith("/") ? "" : "/"}${path.map(encodeURIComponent).join("/")}`;
}
