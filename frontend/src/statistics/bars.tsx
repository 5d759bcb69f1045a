import { useMemo } from "preact/hooks";
import type { Bar } from "./rates";

interface Props {
  bars: Bar[];
  /** The number of calls that a bar of full height stands for. */
  most: number;
  /** Says the same in words; without it, the bars only repeat what stands beside them. */
  label?: string;
}

const WIDE = 10;
const HIGH = 100;

/** Bars of calls over time, with those that failed hatched at the bottom. */
export function Bars({ bars, most, label }: Props) {
  const hatch = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const tall = (number: number) => (number ? Math.max((HIGH * number) / most, 3) : 0);
  const named = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
  return (
    <svg {...named} viewBox={`0 0 ${bars.length * WIDE} ${HIGH}`} preserveAspectRatio="none">
      <pattern id={hatch} width="4" height="8" patternUnits="userSpaceOnUse">
        <rect width="4" height="8" class="mcpnb-error" />
        <rect width="4" height="3" class="mcpnb-gap" />
      </pattern>
      {bars.map(({ calls, errors }, index) =>
        calls ? (
          <g key={index}>
            <rect class="mcpnb-calls" x={index * WIDE + 1} width={WIDE - 2} y={HIGH - tall(calls)} height={tall(calls)} />
            {errors > 0 && (
              <rect fill={`url(#${hatch})`} x={index * WIDE + 1} width={WIDE - 2} y={HIGH - tall(errors)} height={tall(errors)} />
            )}
          </g>
        ) : null,
      )}
    </svg>
  );
}
