// The learners and the chapters: a row for each learner, with a cell for each exercise.

import { useMemo } from "preact/hooks";
import { shown } from "../parts/shown";
import { agoInWords, type Chapter, passedOf, type Row, stateOf } from "./standing";

interface Props {
  chapters: Chapter[];
  predictions: number;
  rows: Row[];
  since: number;
}

export function Matrix({ chapters, predictions, rows, since }: Props) {
  const id = useMemo(() => `mcpnb-${Math.random().toString(36).slice(2)}`, []);
  const exercises = chapters.reduce((sum, chapter) => sum + chapter.exercises.length, 0);
  // The roles are named, because the style sheet can lay the table out as a grid, and a browser then forgets them.
  return (
    <div class="scrolled mcpnb-learners" role="region" aria-labelledby={id} tabIndex={0}>
      <table role="table" class={exercises > MANY ? "mcpnb-many" : ""}>
        <caption id={id} class="mcpnb-unseen">
          learners and chapters
        </caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              learner
            </th>
            {chapters.map(({ number, title }) => (
              <th role="columnheader" scope="col" class="mcpnb-chapter" title={title}>
                <span class="mcpnb-unseen">chapter </span>
                {shown(number)}
              </th>
            ))}
            <th role="columnheader" scope="col" class="mcpnb-sum">total</th>
            <th role="columnheader" scope="col" class="mcpnb-sum" title="predictions that were right">
              predicted
            </th>
            <th role="columnheader" scope="col">reported</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <Learner key={row.seat} row={row} chapters={chapters} exercises={exercises} predictions={predictions} ago={agoInWords(row.ago + since)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Exercises from which on the chapters go below the name already on a page of middle width. */
const MANY = 20;

interface LearnerProps {
  row: Row;
  chapters: Chapter[];
  exercises: number;
  predictions: number;
  ago: string;
}

function Learner({ row, chapters, exercises, predictions, ago }: LearnerProps) {
  // With 200 learners there are thousands of cells; those of a learner of whom nothing is new stay as they are.
  const made = useMemo(() => {
    let place = 0;
    return (
      <>
        <th role="rowheader" scope="row">
          <bdi>{shown(row.name)}</bdi>
        </th>
        {chapters.map((chapter) => {
          const work = row.work.slice(place, (place += chapter.exercises.length));
          return (
            <td role="cell" class="mcpnb-chapter" data-chapter={chapter.number} title={inWords(chapter, work)}>
              <span class="mcpnb-unseen">{`${passedOf(work)} of ${work.length}`}</span>
              <span class="mcpnb-cells" aria-hidden="true">
                {work.map((tries) => (
                  <i class={`mcpnb-cell mcpnb-${stateOf(tries) === "not yet" ? "none" : stateOf(tries)}`} />
                ))}
              </span>
            </td>
          );
        })}
        <td role="cell" class="mcpnb-sum">
          <b>{passedOf(row.work)}</b>
          <span class="dim"> of {exercises}</span>
        </td>
        <td role="cell" class="mcpnb-sum">
          {row.right}
          <span class="dim"> of {predictions}</span>
        </td>
      </>
    );
  }, [row.name, row.work.join(), row.right]);
  return (
    <tr role="row">
      {made}
      <td role="cell" class={ago === "just now" ? "mcpnb-fresh" : "dim"}>
        {ago}
      </td>
    </tr>
  );
}

function inWords(chapter: Chapter, work: number[]): string {
  const each = chapter.exercises.map(({ number }, index) => {
    const tries = Math.abs(work[index]!);
    const times = `${tries} ${tries === 1 ? "try" : "tries"}`;
    return `${number} ${{ passed: `passed after ${times}`, tried: `${times}, not passed`, "not yet": "not yet" }[stateOf(work[index]!)]}`;
  });
  return `${chapter.title}: ${each.join("; ")}`;
}
