import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface Props {
  /** Names the tabs for screen readers. */
  label: string;
  /** Makes the ids of the elements unique on the page. */
  id: string;
  tabs: [name: string, words: string][];
  chosen: string;
  choose: (name: string) => void;
  children: ComponentChildren;
}

/** Tabs over one panel, moved through by the arrow keys. */
export function Tabs({ label, id, tabs, chosen, choose, children }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const key = (event: KeyboardEvent) => {
    const at = tabs.findIndex(([name]) => name === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    choose(tabs[index]![0]);
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <div ref={list} class="mcpnb-tabs" role="tablist" aria-label={label} onKeyDown={key}>
        {tabs.map(([name, words]) => (
          <button
            type="button"
            role="tab"
            id={`${id}-tab-${name}`}
            aria-controls={`${id}-panel`}
            aria-selected={name === chosen}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => choose(name)}
          >
            {words}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-tab-${chosen}`}>
        {children}
      </div>
    </>
  );
}
