import { useEffect, useState } from "preact/hooks";

/** A button that copies a text, and says so for a moment. */
export function Copy({ text, what }: { text: string | (() => string); what: string }) {
  const [state, setState] = useState<"" | "copied" | "failed">("");
  useEffect(() => {
    if (!state) return;
    const timer = setTimeout(() => setState(""), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await copyText(typeof text === "string" ? text : text())) ? "copied" : "failed");
  return (
    <button type="button" class="mcpnb-quiet mcpnb-copy" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      <span role="status">{state === "copied" ? "✓ Copied" : state === "failed" ? "✗ Not copied" : "Copy"}</span>
    </button>
  );
}

/** Copy a text, also on pages without the rights that the browser's clipboard asks for. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    const focused = document.activeElement as HTMLElement | null;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return copied;
  }
}
