import { PromptrigError } from '../util/errors';
import { exportAiperf } from './export-aiperf';
import { exportGuidellm } from './export-guidellm';
import { readExport, type ExportSelection } from './export-samples';
import { exportVllm } from './export-vllm';

export interface Exported {
  text: string;
  /** What differs from the tool's own files or is left out, a sentence each. */
  notes: string[];
}

export const EXPORT_FORMATS = ['vllm', 'guidellm', 'aiperf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * A run of ours in the form of another tool's results, by that tool's definitions as far as our records tell.
 * @throws PromptrigError `usage` where the selection matches nothing, or more than the form holds
 */
export async function exportRun(
  dir: string,
  format: ExportFormat,
  select: Omit<ExportSelection, 'gaps'> & { detailed: boolean },
): Promise<Exported> {
  const { detailed, ...rest } = select;
  if (detailed && format !== 'vllm') {
    throw new PromptrigError(
      'usage',
      `Single requests (--detailed) are written in the form of vllm only, not of ${format}.`,
    );
  }
  const exported = await readExport(dir, { ...rest, gaps: detailed });
  const targets = [...new Set(exported.stages.map(({ target }) => target.id))];
  if (format === 'guidellm' && targets.length > 1) {
    throw new PromptrigError(
      'usage',
      `A report of GuideLLM is about one target. Choose with --target: ${targets.join(', ')}.`,
    );
  }
  if (format === 'aiperf' && exported.stages.length > 1) {
    const names = exported.stages.map(({ target, stage }) => `${target.id} / ${stage.name}`);
    throw new PromptrigError(
      'usage',
      `A result of AIPerf is about one stage of one target. Choose with --target and --stage: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}.`,
    );
  }
  switch (format) {
    case 'vllm':
      return exportVllm(exported, detailed);
    case 'guidellm':
      return exportGuidellm(exported);
    case 'aiperf':
      return exportAiperf(exported);
  }
}
