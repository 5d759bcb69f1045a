// Downloads: of one image, and of the whole result as the kernel has it.

import { render } from "preact";
import { useState } from "preact/hooks";
import type { Undo } from "../parts/enhance";

/** A file: its name, its type, and what is in it, as text or as base64. */
export interface File {
  name: string;
  type: string;
  text?: string;
  data?: string;
}

/** Returns the whole of what is shown, of which HTML has only a part. */
export type Whole = () => Promise<File>;

/** Offer a download in the corner of the first card. */
export function offerDownload(within: HTMLElement, whole: Whole): Undo[] {
  const card = within.querySelector<HTMLElement>(".mcpnb");
  const heading = card?.querySelector(":scope > h4");
  if (!card || !heading) return [];
  const corner = document.createElement("div");
  corner.className = "mcpnb-download";
  heading.after(corner);
  render(<Download whole={whole} />, corner);
  return [
    () => {
      render(null, corner);
      corner.remove();
    },
  ];
}

function Download({ whole }: { whole: Whole }) {
  const [failed, setFailed] = useState("");
  const download = async () => {
    try {
      const { name, type, text, data } = await whole();
      save(name, data === undefined ? URL.createObjectURL(new Blob([text ?? ""], { type })) : `data:${type};base64,${data}`);
      setFailed("");
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <>
      <span role="status">{failed && `✗ ${failed}`}</span>
      <button type="button" class="mcpnb-quiet" title="Download the whole result" onClick={download}>
        Download
      </button>
    </>
  );
}

/** Let the browser save what a URL names. */
export function save(name: string, url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The usual ending of a file's name: "svg" for image/svg+xml. */
export function extensionOf(type: string): string {
  const [name = ""] = (type.split("/")[1] ?? "").split("+");
  return { jpeg: "jpg", plain: "txt", "": "bin" }[name] ?? name.replace(/[^a-z0-9]/gi, "");
}
