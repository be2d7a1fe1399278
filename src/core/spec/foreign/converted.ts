import type { Span, TreeNode } from '../tree';
import type { ForeignAssertion } from './assertion';
import type { ForeignHints } from './types';

/** What an imported file amounts to. */
export interface Converted {
  /** The native spec; null where nothing of the file is usable. */
  root: TreeNode | null;
  /** Of the cases, in order. */
  names: { name: string; id: string }[];
  /** Whether files have not been read yet. */
  isPending: boolean;
  /** Where its name stands. */
  nameSpan?: Span;
  hints?: ForeignHints | undefined;
  /** Why nothing is to be run, where that is no fault. */
  idle?: string;
  /** Sentences about what is kept in place and cannot be written into a native file. */
  unwritable?: string[];
  /** For counting what is run and what is not. */
  assertions?: ForeignAssertion[];
}
