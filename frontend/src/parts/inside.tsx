/** The place for another surface, which attaches itself to it. */
export function Inside({ mount }: { mount: string }) {
  return <div class={`mcpnb-mount ${mount}`} />;
}
