// The arguments as JSON, beside the form: each shows at once what is changed in the other.

import { useEffect, useState } from "preact/hooks";
import type { Form } from "../form/form";
import { parse, same } from "../json";
import { Copy } from "../parts/copy";

interface Props {
  form: Form;
  changed: () => void;
  id: string;
}

export function Arguments({ form, changed, id }: Props) {
  const now = form.draft(true);
  const [typed, setTyped] = useState(now);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    // What is typed stays as it is typed, with its spaces, as long as it means what the form holds.
    if (wrong && typed !== "") return;
    if (!meansTheSame(typed, now)) setTyped(now);
  }, [now]);
  const type = (text: string) => {
    setTyped(text);
    try {
      form.fill(text.trim() || "{}");
      setWrong("");
      changed();
    } catch (error) {
      setWrong(`Not applied: ${(error as Error).message}. The form has not changed.`);
    }
  };
  return (
    <div class="mcpnb-arguments">
      <div class="mcpnb-head">
        <label for={`${id}-arguments`}>Arguments as JSON</label>
        <Copy text={() => form.draft(true)} what="the arguments" />
      </div>
      <textarea
        id={`${id}-arguments`}
        class="mcpnb-code"
        spellcheck={false}
        rows={Math.min(Math.max(typed.split("\n").length, 6), 24)}
        value={typed}
        aria-invalid={Boolean(wrong) || undefined}
        aria-describedby={wrong ? `${id}-not-applied` : undefined}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={() => {
          if (!wrong) setTyped(form.draft(true));
        }}
      />
      {wrong && (
        <p class="mcpnb-wrong" id={`${id}-not-applied`} role="alert">
          <span aria-hidden="true">✗ </span>
          {wrong}
        </p>
      )}
    </div>
  );
}

function meansTheSame(one: string, other: string): boolean {
  try {
    return same(parse(one), parse(other));
  } catch {
    return false;
  }
}
