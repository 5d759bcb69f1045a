// A card of `rendering`, with tools on its blocks, and tabs if it has several parts.

import { useMemo, useState } from "preact/hooks";
import { Html } from "../parts/html";
import { Tabs } from "../parts/tabs";
import type { Surface } from "../surface";

interface Part {
  words: string;
  html: string;
}

export function CardView({ surface }: { surface: Surface }) {
  const tabs: Part[] = surface.state.tabs ?? [];
  const id = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const [tab, setTab] = useState<number>(surface.kept.tab ?? 0);
  const chosen = tab < tabs.length ? tab : 0;
  const choose = (name: string) => {
    surface.keep({ tab: Number(name) });
    setTab(Number(name));
  };
  return (
    <section class="mcpnb mcpnb-ui" data-lm-suppress-shortcuts="true">
      <Html html={surface.state.html} />
      {tabs.length > 0 && (
        <Tabs label="parts" id={id} tabs={tabs.map(({ words }, i) => [String(i), words])} chosen={String(chosen)} choose={choose}>
          <Html html={tabs[chosen]!.html} />
        </Tabs>
      )}
    </section>
  );
}
