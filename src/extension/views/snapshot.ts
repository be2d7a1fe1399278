/** What a view shows, for tests: VS Code tells no extension the rows of a tree. */
import * as vscode from 'vscode';

export interface ViewRow {
  label: string;
  description: string;
  /** `viewItem`. */
  context: string;
  /** Codicon. */
  icon: string;
  /** What a screen reader says. */
  spoken: string;
  tooltip: string;
  /** What its commands are told. */
  row: unknown;
  children: ViewRow[];
}

export interface ViewSnapshot {
  rows: ViewRow[];
  message: string;
  description: string;
  badge: number;
}

export async function snapshot<T>(
  provider: vscode.TreeDataProvider<T>,
  view: Pick<vscode.TreeView<T>, 'message' | 'description' | 'badge'>,
): Promise<ViewSnapshot> {
  const rowsOf = async (parent?: T): Promise<ViewRow[]> => {
    const rows = (await provider.getChildren(parent)) ?? [];
    return Promise.all(
      rows.map(async (row): Promise<ViewRow> => {
        const item = await provider.getTreeItem(row);
        const { label, description, contextValue = '', iconPath, accessibilityInformation, tooltip } = item;
        return {
          label: typeof label === 'string' ? label : (label?.label ?? ''),
          description: typeof description === 'string' ? description : '',
          context: contextValue,
          icon: iconPath instanceof vscode.ThemeIcon ? iconPath.id : '',
          spoken: accessibilityInformation?.label ?? '',
          tooltip: typeof tooltip === 'string' ? tooltip : (tooltip?.value ?? ''),
          row,
          children: await rowsOf(row),
        };
      }),
    );
  };
  const rows = await rowsOf();
  return {
    rows,
    message: view.message ?? '',
    description: view.description ?? '',
    badge: view.badge?.value ?? 0,
  };
}
