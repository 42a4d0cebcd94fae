import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { escapeHtml } from "../viz/escape-html";
import type { Notebook } from "./notebook-file";

type Bytes = Uint8Array;

/** Pictures by how their bytes begin: what a name promises says nothing of what a file (or a link to one) holds. */
const KINDS: readonly { readonly type: string; readonly is: (bytes: Bytes) => boolean }[] = [
  { type: "image/png", is: (bytes) => begins(bytes, [0x89, 0x50, 0x4e, 0x47]) },
  { type: "image/jpeg", is: (bytes) => begins(bytes, [0xff, 0xd8, 0xff]) },
  { type: "image/gif", is: (bytes) => begins(bytes, [0x47, 0x49, 0x46, 0x38]) },
  { type: "image/bmp", is: (bytes) => begins(bytes, [0x42, 0x4d]) && bytes.length > 26 },
  { type: "image/webp", is: (bytes) => text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP" },
  { type: "image/avif", is: (bytes) => /^ftypavi[fs]$/.test(text(bytes, 4, 12)) },
  {
    type: "image/svg+xml",
    is: (bytes) => /^\uFEFF?\s*(<\?xml[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]/i.test(text(bytes, 0, 4096)),
  },
];

/** Elements that load something, and the attributes that say what. */
const ELEMENT = /<(img|source|video|audio|track|embed|input|image|object|iframe)\b(?:[^>"']|"[^"]*"|'[^']*')*>/gi;
const ADDRESS =
  /(\s(?:src|poster|(?<=<image\b[^>]*\s)(?:xlink:)?href|(?<=<object\b[^>]*\s)data)\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
const SEVERAL = /\ssrcset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
/** Style sheets and the attributes that hold such; and what they load. */
const STYLE = /<style\b[^>]*>[\s\S]*?<\/style>|(?<=<[a-z][^<>]*)\sstyle\s*=\s*(?:"[^"]*"|'[^']*')/gi;
const STYLE_ADDRESS = /\burl\(\s*(?:"([^"]*)"|'([^']*)'|(&quot;|&#34;|&#39;)(.*?)\3|([^\s"')&][^\s"')]*))\s*\)/gi;
/** What is in the page already, or is no file. */
const NO_FILE = /^(data:|blob:|about:|javascript:|#|$)/i;

/** The pictures of a page: files beside the notebook and attachments of its cells. */
export class PagePictures {
  /** Addresses that could not be put into the page. */
  readonly missing: string[] = [];
  private readonly attached: string[] = [];

  /** @param folder Where relative addresses begin. */
  constructor(private readonly folder: string) {}

  /** Markdown whose attachments have addresses of their own: nbconvert gives up on names with spaces and on absent ones. */
  takeAttachments({ source, attachments = {} }: Pick<Notebook["cells"][number], "source"> & { attachments?: unknown }) {
    const known = attachments as Record<string, Record<string, unknown>>;
    return source.replace(
      /(\]\(\s*|\bsrc\s*=\s*["']?)(?:<attachment:([^>\n]+)>|attachment:([^)\s"'>]+))/g,
      (_, before, bracketed, plain) => {
        const name: string = bracketed ?? plain;
        const bundle = known[name] ?? known[decoded(name)];
        const [type, content] = Object.entries(bundle ?? {})[0] ?? [];
        if (type === undefined) return `${before}${encodeURI(`absent-attachment/${decoded(name)}`)}`;
        const base64 = [content].flat().join("").replace(/\s/g, "");
        this.attached.push(`data:${type};base64,${base64}`);
        return `${before}blockwise-attachment-${this.attached.length - 1}`;
      },
    );
  }

  /** The page with its pictures in it. */
  putInto(html: string): string {
    return html
      .replace(ELEMENT, (element) => this.putIntoElement(element))
      .replace(STYLE, (style) =>
        style.replace(STYLE_ADDRESS, (all, double, single, _, escaped, bare) => {
          const picture = this.pictureOrMissing(unescaped(double ?? single ?? escaped ?? bare));
          return picture === undefined ? all : `url(${picture})`;
        }),
      );
  }

  private putIntoElement(element: string): string {
    const isSource = /^<source/i.test(element);
    const several = /^<(img|source)/i.test(element) ? [...element.matchAll(SEVERAL)][0] : undefined;
    // One address is enough where there is one file for all screens.
    const [first] = unescaped(several?.slice(1).find((set) => set !== undefined) ?? "")
      .trim()
      .split(/\s+/);
    const lone = several ? element.replace(SEVERAL, "") : element;
    if (several && isSource) {
      // Of <picture>: where its file is none, the others and the <img> stand for it.
      const picture = NO_FILE.test(first) ? first : this.picture(first);
      return picture ? lone.replace(/(\s*\/?>)$/, ` srcset="${escapeHtml(picture)}"$1`) : "";
    }
    const whole = several && !/\ssrc\s*=/i.test(lone) ? lone.replace(/^<img/i, `$& src="${escapeHtml(first)}"`) : lone;
    return whole.replace(ADDRESS, (all, before, double, single, bare) => {
      const picture = this.pictureOrMissing(unescaped(double ?? single ?? bare ?? ""));
      return picture === undefined ? all : `${before}"${escapeHtml(picture)}"`;
    });
  }

  /** A picture's data, or undefined, with the address noted where there should be one. */
  private pictureOrMissing(address: string): string | undefined {
    if (NO_FILE.test(address)) return undefined;
    const picture = this.picture(address);
    if (picture === undefined) this.missing.push(address.replace(/^absent-attachment\//, "attachment:"));
    return picture;
  }

  private picture(address: string): string | undefined {
    const attached = address.match(/^blockwise-attachment-(\d+)$/)?.[1];
    if (attached !== undefined) return this.attached[Number(attached)];
    if (/^([a-z][a-z0-9+.-]+:|\/\/)/i.test(address)) return undefined;
    const name = decoded(address);
    // A file may have such a name; else what follows is the address's own.
    for (const path of [name, address, decoded(address.replace(/[?#].*$/s, ""))]) {
      const bytes = fileBytes(resolve(this.folder, path));
      const type = bytes && KINDS.find(({ is }) => is(bytes))?.type;
      if (bytes && type) return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
    }
    return undefined;
  }
}

/** Of a regular file, undefined for all else. */
function fileBytes(path: string): Bytes | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** An address as a file's name; a `%` that stands for itself stays. */
function decoded(address: string): string {
  return address.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

function unescaped(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name) return named[name.toLowerCase()];
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function begins(bytes: Bytes, with_: readonly number[]): boolean {
  return with_.every((byte, i) => bytes[i] === byte);
}

function text(bytes: Bytes, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString("utf8");
}
