import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { FolderEntry, KnownEndpoint, LanguageContext } from '../../../core/language/types';
import { setting } from '../../config';
import { languageBundle } from '../../spec/load';
import type { EvalDocuments } from '../documents';
import type { WorkspaceFiles } from '../workspace-files';

/** As much of a dataset as its columns are looked for in, in bytes. */
const HEAD_BYTES = 64 * 1024;
/** Larger prompt files are not read while somebody types. */
const MAX_TEXT_BYTES = 5 * 1024 * 1024;

/** What lies around a file: shared endpoints, folders, columns of datasets, texts of prompts. Read when it is asked for. */
export class Surroundings {
  constructor(
    private readonly documents: EvalDocuments,
    private readonly workspaceFiles: WorkspaceFiles,
  ) {}

  /** With `promptrig.yaml` as far as it has been read; it is read now, for the next time. */
  of(uri: vscode.Uri): LanguageContext {
    const workspace = this.workspaceFiles.known(uri)?.document;
    return {
      ...(workspace === undefined ? {} : { workspace }),
      userEndpoints: endpointsOfSettings(uri),
      models: (endpoint) => this.modelsBeside(endpoint),
      listFolder: (path) => listFolder(uriOf(uri, path)),
      datasetColumns: (path) => this.columns(uriOf(uri, path), path),
      readText: (path) => this.readText(uri, path),
    };
  }

  /** Text of a file, with its unsaved changes; undefined where it cannot be read. */
  async readText(uri: vscode.Uri, path: string): Promise<string | undefined> {
    const file = uriOf(uri, path);
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === file.toString());
    if (open !== undefined) return open.getText();
    try {
      if ((await vscode.workspace.fs.stat(file)).size > MAX_TEXT_BYTES) return undefined;
      return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
    } catch (error) {
      return absent(error);
    }
  }

  /** Models that other open files ask at the same address. */
  private modelsBeside({ url, api }: Omit<KnownEndpoint, 'model'>): string[] {
    if (url === undefined && api === undefined) return [];
    const endpoints = this.documents.all.flatMap(({ document }) => [
      ...(document.spec?.endpoints ?? []),
      ...(document.workspace?.endpoints ?? []),
    ]);
    return endpoints.flatMap((endpoint) =>
      typeof endpoint !== 'string' && endpoint.url === url && endpoint.api === api ? (endpoint.model ?? []) : [],
    );
  }

  private async columns(file: vscode.Uri, path: string): Promise<string[] | undefined> {
    try {
      return await languageBundle().columnsOf(await headOf(file), path);
    } catch (error) {
      return absent(error);
    }
  }
}

/** Endpoints of the user's settings, as far as they can be made out; whether they are right is said where they are used. */
function endpointsOfSettings(uri: vscode.Uri): KnownEndpoint[] {
  return setting('endpoints', uri).flatMap((item): KnownEndpoint[] => {
    if (item === null || typeof item !== 'object') return [];
    const { name, url, model, api } = item as Record<string, unknown>;
    if (typeof name !== 'string') return [];
    return [
      {
        name,
        ...(typeof url === 'string' ? { url } : {}),
        ...(typeof model === 'string' ? { model } : {}),
        ...(typeof api === 'string' ? { api: api as KnownEndpoint['api'] & string } : {}),
      },
    ];
  });
}

/** A path beside a file, in the same kind of file system. */
export function uriOf(uri: vscode.Uri, path: string): vscode.Uri {
  const file = vscode.Uri.file(path);
  return uri.scheme === 'file' || uri.scheme === 'untitled' ? file : uri.with({ path: file.path });
}

async function listFolder(folder: vscode.Uri): Promise<FolderEntry[] | undefined> {
  try {
    const entries = await vscode.workspace.fs.readDirectory(folder);
    return entries.map(([name, type]) => ({ name, isFolder: (type & vscode.FileType.Directory) !== 0 }));
  } catch (error) {
    return absent(error);
  }
}

/** Only the head: a dataset may have a gigabyte. */
async function headOf(file: vscode.Uri): Promise<Uint8Array> {
  if (file.scheme !== 'file') return (await vscode.workspace.fs.readFile(file)).subarray(0, HEAD_BYTES);
  const handle = await fs.open(file.fsPath, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What is not there is said by the diagnostics; completion offers nothing from it. Anything else is a fault of ours. */
function absent(error: unknown): undefined {
  const isSystem = error instanceof Error && 'code' in error;
  if (error instanceof vscode.FileSystemError || isSystem) return undefined;
  throw error;
}
