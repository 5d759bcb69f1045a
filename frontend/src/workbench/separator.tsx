/** A line between two panes that moves by pointer and by keyboard. */
interface Props {
  label: string;
  /** Whether the line is upright, and moves to the left and right. */
  upright?: boolean;
  size: number;
  least: number;
  most: number;
  /** How many units a pixel is: the size may be a share of the whole. */
  unit?: (element: HTMLElement) => number;
  resize: (size: number) => void;
}

const STEPS = 20;

export function Separator({ label, upright = false, size, least, most, unit = () => 1, resize }: Props) {
  const within = (to: number) => Math.round(10 * Math.min(Math.max(to, least), most)) / 10;
  const step = (most - least) / STEPS;
  const key = (event: KeyboardEvent) => {
    const [less, more] = upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const to = { [less!]: size - step, [more!]: size + step, Home: least, End: most }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    resize(within(to));
  };
  const begin = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    const place = (moved: PointerEvent) => (upright ? moved.clientX : moved.clientY);
    const [began, scale] = [place(event), unit(element)];
    element.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => resize(within(size + (place(moved) - began) * scale));
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", () => element.removeEventListener("pointermove", move), { once: true });
    event.preventDefault();
  };
  return (
    <div
      role="separator"
      class={`mcpnb-separator ${upright ? "upright" : ""}`}
      tabIndex={0}
      aria-label={label}
      aria-orientation={upright ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(size)}
      aria-valuemin={least}
      aria-valuemax={most}
      title={`${label}: drag it, or use the arrow keys`}
      onKeyDown={key}
      onPointerDown={begin}
    />
  );
}
