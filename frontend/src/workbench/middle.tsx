/** The characters of the end of a long name that are always seen. */
const END = 18;

/** Split a text into its beginning, which may be cut off, and its end, which is always seen. */
export function ends(text: string, most = END): [beginning: string, end: string] {
  const characters = [...text];
  if (characters.length <= most * 2) return [text, ""];
  return [characters.slice(0, -most).join(""), characters.slice(-most).join("")];
}

/** A name or URI that is shortened in the middle if space is short: both its ends tell it apart from others. */
export function Middle({ text }: { text: string }) {
  const [beginning, end] = ends(text);
  return (
    <code class="mcpnb-middle" title={text}>
      <span>{beginning}</span>
      {end && <span>{end}</span>}
    </code>
  );
}
