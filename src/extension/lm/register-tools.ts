import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { ToolName } from '../contributions';
import { parts as lazy } from '../parts/load';
import type { Tool, ToolParts } from './tools';

/** The tools by name, and what unregisters them. */
export interface AgentTools extends vscode.Disposable {
  readonly byName: Record<ToolName, Tool>;
}

/** Registers tools whose code is read when an agent first asks for one: most windows have none. */
export function registerTools(parts: ToolParts): AgentTools {
  let made: Record<ToolName, Tool> | undefined;
  const tool = (name: ToolName): Tool => (made ??= lazy().createTools(parts))[name];
  const onDemand = (name: ToolName): Tool => ({
    prepareInvocation: (options, token) => tool(name).prepareInvocation(options, token),
    invoke: (options, token) => tool(name).invoke(options, token),
  });
  const byName = {
    [ToolName.list]: onDemand(ToolName.list),
    [ToolName.run]: onDemand(ToolName.run),
    [ToolName.read]: onDemand(ToolName.read),
  };
  const store = new DisposableStore();
  for (const name of Object.values(ToolName)) store.add(vscode.lm.registerTool(name, byName[name]));
  return { byName, dispose: () => store.dispose() };
}
