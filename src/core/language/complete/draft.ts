/** A completion before it has its place. */
import type { Completion, CompletionKind } from '../types';

export interface Draft {
  label: string;
  kind: CompletionKind;
  /** Either a snippet, or a text that is quoted as its place needs it. */
  snippet?: string;
  text?: string;
  detail?: string;
  documentation?: string;
  filterText?: string;
  /** Items of a lower group come first; within one they keep their order. */
  group: number;
  retrigger?: boolean;
  source: Completion['source'];
}
