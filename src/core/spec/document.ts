/** A parsed file as the editor, the command line and the planner see it. Positions are 0-based; characters are UTF-16 units, as in VS Code. */
import type { Severity } from '../../protocol/plan';

export interface TextPosition {
  line: number;
  character: number;
}

export interface TextRange {
  start: TextPosition;
  end: TextPosition;
}

/** A replacement of a range of the file that carries the diagnostic. */
export interface TextEdit {
  range: TextRange;
  newText: string;
}

export interface Suggestion {
  /** As shown in the light bulb: `Change to "prompt"`. */
  title: string;
  edits: TextEdit[];
}

export interface Diagnostic {
  /** Stable, kebab-case: `unknown-key`, `wrong-type`, `undefined-variable`, `not-supported-yet`, ... */
  code: string;
  /** What is wrong and what to do, one or two sentences. */
  message: string;
  path: string;
  range: TextRange;
  severity: Severity;
  /** JSON pointer of the node, where there is one. */
  pointer?: string;
  suggestions: Suggestion[];
}

export type FileKind = 'eval' | 'workspace' | 'promptfoo' | 'github-models';

/** A place in the file that surfaces attach to: a case, a stage, an endpoint, an assertion, an SLO. */
export interface OutlineItem {
  pointer: string;
  /** Stable over edits elsewhere in the file. */
  id: string;
  name: string;
  /** The whole node. */
  range: TextRange;
  /** The line that a CodeLens or an end-of-line result belongs to. */
  anchor: TextRange;
  tags: string[];
}

export interface EvalOutline {
  name: string;
  nameRange: TextRange;
  /** The assertions of its turns, where it has some, follow those of the case. */
  cases: (OutlineItem & { assertions: OutlineItem[] })[];
  /** The `dataset` key: named by its path. */
  dataset?: OutlineItem;
  /** Assertions of the whole file. */
  assertions: OutlineItem[];
  stages: (OutlineItem & { slos: OutlineItem[] })[];
  slos: OutlineItem[];
  endpoints: OutlineItem[];
}
