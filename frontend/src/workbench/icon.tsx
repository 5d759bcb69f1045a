// Small pictures for what can be done with a row; a label says the same in words.

const PATHS = {
  open: "M6 3l5 5-5 5",
  replay: "M12.5 8a4.5 4.5 0 1 1-1.4-3.3M11.5 2v3h-3",
  edit: "M3 13l.6-2.6L10.5 3.5l2 2L5.600 12.400zM9.300 4.700l2 2",
  pin: "M6 2.500h4M6.500 2.500v4l-2 2.500h7l-2-2.500v-4M8 9v4.500",
  compare: "M3 5h8M9 3l2 2-2 2M13 11H5M7 9l-2 2 2 2",
  save: "M8 2.500v7M5.200 7L8 9.800 10.800 7M3 12.800h10",
  close: "M4 4l8 8M12 4l-8 8",
};

export type Picture = keyof typeof PATHS;

export function Icon({ name }: { name: Picture }) {
  return (
    <svg class="mcpnb-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
