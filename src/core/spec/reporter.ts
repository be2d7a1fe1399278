/** Collects diagnostics of one file by offset, and turns them into lines and characters. */
import type { Severity } from '../../protocol/plan';
import type { Diagnostic, Suggestion, TextRange } from './document';
import type { TextLines } from './lines';
import type { MapEntry, ScalarNode, Span, TreeNode } from './tree';
import { clip } from './describe';
import { nearKeys } from './suggest';

export interface Finding {
  code: string;
  message: string;
  span: Span;
  severity: Severity;
  pointer?: string;
  /** Texts that may replace `span`. */
  replacements?: string[];
  suggestions?: { title: string; edits: { span: Span; newText: string }[] }[];
}

/** A file with a thousand errors of one kind is no more readable than one with fifty. */
const MAX_FINDINGS = 500;

export class Reporter {
  readonly findings: Finding[] = [];

  constructor(
    private readonly source: string,
    private readonly lines: TextLines,
  ) {}

  add(finding: Finding): void {
    this.findings.push(finding);
  }

  /** A reporter whose findings count only once committed: for trying the branches of a union. */
  trial(): TrialReporter {
    return new TrialReporter(this, this.source, this.lines);
  }

  /** The part of a node that lies on its first line: enough to point at a long list or map. */
  headOf(node: TreeNode): Span {
    return { start: node.span.start, end: Math.min(node.span.end, this.lines.lineEnd(node.span.start)) };
  }

  unknownKey(entry: MapEntry, pointer: string, known: readonly string[], parent: TreeNode): void {
    const free = known.filter((key) => parent.kind !== 'map' || !parent.entries.has(key));
    const near = nearKeys(entry.key, free);
    const hint = near[0] === undefined ? 'It has no effect.' : `Did you mean "${near[0]}"?`;
    this.add({
      code: 'unknown-key',
      message: `"${entry.key}" is not a key that belongs here. ${hint}`,
      span: entry.keySpan,
      severity: 'warning',
      pointer,
      replacements: near,
    });
  }

  unknownWord(node: ScalarNode, value: string, known: readonly string[], pointer: string): void {
    const near = nearKeys(value, known);
    const hint = near[0] === undefined ? `It must be one of ${known.join(', ')}.` : `Did you mean "${near[0]}"?`;
    this.add({
      code: 'unknown-value',
      message: `"${clip(value)}" is not known here. ${hint}`,
      span: node.span,
      severity: 'error',
      pointer,
      replacements: near,
    });
  }

  /** What the format knows and this version cannot run; `what` starts the sentence. */
  notSupported(what: string, span: Span, pointer: string): void {
    this.add({
      code: 'not-supported-yet',
      message: `${what} is understood, but this version cannot run it yet.`,
      span,
      severity: 'error',
      pointer,
    });
  }

  /** Character of an offset within its line. */
  columnOf(offset: number): number {
    return this.lines.position(offset).character;
  }

  rangeOf(span: Span): TextRange {
    return this.lines.range(span.start, span.end);
  }

  /** The findings as diagnostics of the file at `path`, in the order of the file. */
  diagnostics(path: string): Diagnostic[] {
    const sorted = [...this.findings].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
    const shown = sorted.slice(0, MAX_FINDINGS).map((finding) => this.toDiagnostic(finding, path));
    const first = sorted[MAX_FINDINGS];
    if (first !== undefined) {
      shown.push({
        code: 'too-many-problems',
        message: `${sorted.length - MAX_FINDINGS} more problems follow; fix the ones above first.`,
        path,
        range: this.rangeOf(first.span),
        severity: sorted.slice(MAX_FINDINGS).some(({ severity }) => severity === 'error') ? 'error' : 'warning',
        suggestions: [],
      });
    }
    return shown;
  }

  private toDiagnostic(finding: Finding, path: string): Diagnostic {
    const range = this.rangeOf(finding.span);
    const replaced = (finding.replacements ?? []).map((newText): Suggestion => ({
      title: `Change to ${newText.startsWith('"') ? newText : `"${newText}"`}`,
      edits: [{ range, newText }],
    }));
    const others = (finding.suggestions ?? []).map(({ title, edits }): Suggestion => ({
      title,
      edits: edits.map(({ span, newText }) => ({ range: this.rangeOf(span), newText })),
    }));
    return {
      code: finding.code,
      message: finding.message,
      path,
      range,
      severity: finding.severity,
      ...(finding.pointer === undefined ? {} : { pointer: finding.pointer }),
      suggestions: [...replaced, ...others],
    };
  }
}

export class TrialReporter extends Reporter {
  constructor(
    private readonly parent: Reporter,
    source: string,
    lines: TextLines,
  ) {
    super(source, lines);
  }

  get errors(): number {
    return this.findings.filter(({ severity }) => severity === 'error').length;
  }

  commit(): void {
    for (const finding of this.findings) this.parent.add(finding);
  }
}
