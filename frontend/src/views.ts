// The views, by the names that Python uses.

import type { ComponentType } from "preact";
import { AppView } from "./app/view";
import { ApprovalsView } from "./approvals/view";
import { BoardView } from "./board/view";
import { CardView } from "./card/view";
import { PredictionView } from "./prediction/view";
import { QuestionView } from "./question/view";
import { RequestView } from "./request/view";
import { StatisticsView } from "./statistics/view";
import type { Surface } from "./surface";
import { TaskView } from "./task/view";
import { WorkbenchView } from "./workbench/view";

export const views: { [name: string]: ComponentType<{ surface: Surface }> } = {
  app: AppView,
  approvals: ApprovalsView,
  board: BoardView,
  card: CardView,
  prediction: PredictionView,
  question: QuestionView,
  request: RequestView,
  statistics: StatisticsView,
  task: TaskView,
  workbench: WorkbenchView,
};
