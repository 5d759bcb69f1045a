import { useEffect, useRef, useState } from "preact/hooks";

export interface Item {
  words: string;
  act: () => void;
  /** Whether it is the current choice; undefined for an action. */
  on?: boolean;
}

interface Props {
  /** Names the button for screen readers. */
  label: string;
  items: () => Item[];
  /** Opens it from outside, by a key; each new number opens it again. */
  opened?: number;
  /** Where the focus goes when it closes. */
  back?: () => HTMLElement | null;
}

/**
 * A quiet menu behind "⋯". The Tab key skips it, so that each field of a form is one stop: Alt+↓ in the field opens
 * it, and so does a click.
 */
export function Menu({ label, items, opened = 0, back }: Props) {
  const [open, setOpen] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (opened) setOpen(true);
  }, [opened]);
  useEffect(() => {
    if (!open) return;
    list.current?.querySelector<HTMLElement>("[aria-checked=true], [role^=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!event.composedPath().includes(list.current!)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open]);

  const close = () => {
    setOpen(false);
    (back?.() ?? button.current)?.focus();
  };

  const key = (event: KeyboardEvent) => {
    const all = [...list.current!.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <span class="mcpnb-menu">
      <button
        ref={button}
        type="button"
        class="mcpnb-quiet"
        tabIndex={-1}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={`${label} (Alt+↓ in the field)`}
        onClick={() => setOpen(!open)}
      >
        ⋯
      </button>
      {open && (
        <div ref={list} role="menu" aria-label={label} onKeyDown={key}>
          {items().map(({ words, act, on }) => (
            <button
              type="button"
              role={on === undefined ? "menuitem" : "menuitemradio"}
              aria-checked={on}
              tabIndex={-1}
              onClick={() => {
                act();
                close();
              }}
            >
              {words}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
