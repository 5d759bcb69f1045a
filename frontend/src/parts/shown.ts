/** Escape characters that are invisible or change the direction of text; `mcp_notebook/visible.py` does it for HTML. */
export function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u{e0000}-\u{e0fff}]/gu, (found) =>
    found === "\n" || found === "\t" ? found : `\\u${found.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** Write a time to three digits: 4.2 ms, 123 ms, 1.23 s, 12.3 s, 2 min 5 s. */
export function duration(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Write a size in the unit that fits: 12 bytes, 1.2 kB, 3.4 MB. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
