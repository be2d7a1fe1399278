/** What the panel's section of trends shows. Knows no editor. */
import * as path from 'node:path';
import { readPinnedBaselines } from '../../core/compare/pin-baselines';
import { TrendHistory } from '../../core/results/trends';
import { messageOf, PromptrigError } from '../../core/util/errors';
import type { BaselineFile } from '../../protocol/baseline';
import type { RunPanelReply } from '../../protocol/run-panel';

export class PanelTrends {
  private readonly history = new TrendHistory();

  /**
   * @param dir the folder of the run that is shown
   * @param source its eval, as it names it @param root the folder that the eval's baselines lie in; null where it is in none
   */
  async reply(dir: string, source: string, root: string | null): Promise<Extract<RunPanelReply, { type: 'trends' }>> {
    const current = path.basename(dir);
    try {
      const baselines: BaselineFile[] =
        root === null ? [] : (await readPinnedBaselines(root, source)).baselines.map(({ file }) => file);
      return { type: 'trends', current, trends: await this.history.of(path.dirname(dir), source, baselines) };
    } catch (error) {
      if (!(error instanceof PromptrigError)) throw error;
      return { type: 'trends', current, trends: null, error: messageOf(error) };
    }
  }
}
