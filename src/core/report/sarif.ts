/**
 * SARIF 2.1.0 (OASIS): findings at the YAML nodes that they belong to, for code scanning and editors. Rules are the types of
 * assertions and the metrics of SLOs.
 */
import { createHash } from 'node:crypto';
import { metricOf } from '../metrics/definitions';
import { findingsOf, type Finding, type FindingLevel } from './finding';
import { plainJson } from './plain';
import { nearestPlace, type ReportFile, type ReportSet } from './report-file';
import { wellFormed } from './well-formed';

/** GitHub takes no more results of one run; what decides comes first. */
const MOST_RESULTS = 5000;

interface SarifResult {
  ruleId: string;
  ruleIndex: number;
  level: FindingLevel;
  message: { text: string };
  locations: {
    physicalLocation: {
      artifactLocation: { uri: string; uriBaseId: 'SRCROOT' };
      region: { startLine: number; startColumn: number; endLine: number; endColumn: number };
    };
    logicalLocations: { fullyQualifiedName: string; kind: string }[];
  }[];
  partialFingerprints: Record<string, string>;
  properties: Record<string, string>;
}

export function renderSarif({ files, exitCode, version }: ReportSet): string {
  const found = files.flatMap((file) => findingsOf(file).map((finding) => ({ file, finding })));
  const kept = found.slice(0, MOST_RESULTS);
  const ruleIds = [...new Set(kept.map(({ finding }) => finding.rule))].sort();
  const notes =
    found.length > kept.length
      ? [{ level: 'warning', message: { text: `${found.length - kept.length} more findings are left out.` } }]
      : [];
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Promptrig', version, rules: ruleIds.map(ruleOf) } },
        // One category for all of it, so that a later upload replaces this one.
        automationDetails: { id: 'promptrig/' },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { SRCROOT: { description: { text: 'The root of the repository.' } } },
        invocations: [
          { executionSuccessful: exitCode === 0 || exitCode === 1 || exitCode === 3, exitCode, ...notesOf(notes) },
        ],
        results: kept.map(({ file, finding }) => resultOf(file, finding, ruleIds)),
      },
    ],
  };
  return `${plainJson(JSON.stringify(log, null, 2))}\n`;
}

function notesOf(notes: readonly unknown[]): Record<string, unknown> {
  return notes.length === 0 ? {} : { toolExecutionNotifications: notes };
}

function ruleOf(id: string): Record<string, unknown> {
  const [kind = '', name = ''] = id.split('/');
  const metric = kind === 'slo' ? metricOf(name) : undefined;
  const text = metric === undefined ? shortOf(kind, name) : `An SLO on ${metric.label} was missed or is undecided.`;
  return {
    id,
    shortDescription: { text },
    ...(metric === undefined ? {} : { fullDescription: { text: metric.meaning } }),
    help: {
      text: metric === undefined ? text : `${metric.name} = ${metric.formula} (${metric.unit}). ${metric.meaning}`,
    },
    defaultConfiguration: { level: 'error' },
    properties: { tags: [kind] },
  };
}

function shortOf(kind: string, name: string): string {
  switch (kind) {
    case 'assert':
      return `An answer does not meet its assertion "${name}".`;
    case 'case':
      return name === 'skipped' ? 'A case was skipped.' : 'A case could not be judged.';
    case 'slo':
      return 'An SLO was missed or is undecided.';
    case 'capacity':
    case 'sweep':
      return 'A search for the highest rate that meets the SLOs found none, or could not decide.';
    case 'target':
      return 'A target could not be run.';
    case 'stage':
      return 'No request of a load stage was answered.';
    case 'baseline':
      return 'The answers are worse than those of the baseline, or could not be compared with it.';
    default:
      return 'The run did not complete.';
  }
}

function resultOf(file: ReportFile, finding: Finding, ruleIds: readonly string[]): SarifResult {
  const { rule, level, target, stage, title, message, answers, identity } = finding;
  const place = nearestPlace(file, finding.pointer);
  const share = answers === undefined ? '' : ` (${answers.count} of ${answers.of} answers)`;
  const fingerprint = fingerprintOf(file.path, identity);
  return {
    ruleId: rule,
    ruleIndex: ruleIds.indexOf(rule),
    level,
    // Placeholders and embedded links are SARIF's own markup: a text that looks like them is escaped.
    message: { text: escapeMessage(`${title}${share}: ${message} (${target})`) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file.path), uriBaseId: 'SRCROOT' },
          region: {
            startLine: place.line,
            startColumn: place.column,
            endLine: place.endLine,
            endColumn: Math.max(place.endColumn, place.endLine === place.line ? place.column : 1),
          },
        },
        logicalLocations: [
          { fullyQualifiedName: [target, ...(stage === undefined ? [] : [stage])].join('/'), kind: 'member' },
        ],
      },
    ],
    partialFingerprints: {
      'promptrigFinding/v1': fingerprint,
      // The key by which GitHub recognises an alert; without it the line's text would be hashed, which all targets share.
      primaryLocationLineHash: `${fingerprint.slice(0, 16)}:1`,
    },
    properties: { target, ...(stage === undefined ? {} : { stage }) },
  };
}

function fingerprintOf(path: string, identity: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([path, ...identity]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * Sections 3.11.5 and 3.11.6 of the standard: `{0}` is a placeholder, `[text](target)` a link. Other braces stay single, since the
 * viewers that there are show doubled ones doubled, and answers are full of JSON.
 */
function escapeMessage(text: string): string {
  return wellFormed(text)
    .replace(/\{(\d+)\}/g, '{{$1}}')
    .replace(/[[\]\\]/g, '\\$&');
}

function uriOf(path: string): string {
  return wellFormed(path).split('/').map(encodeURIComponent).join('/');
}
