/** One question of several in the quick input: with a back button, a count of steps, and an answer that can be "back" or "nothing". */
import * as vscode from 'vscode';
import { BACK, CANCEL, type Answer, type Place } from './add-endpoint-flow';

interface Common {
  title: string;
  place: Place;
  placeholder?: string;
}

export interface PickItem<T> extends vscode.QuickPickItem {
  value?: T;
}

interface PickOptions<T> extends Common {
  items: readonly PickItem<T>[];
  active?: T;
  /** Called once the input is shown, to fill it later on. */
  onShown?: (pick: vscode.QuickPick<PickItem<T>>) => void;
  /** Of an input that takes what is typed, too: the item for it. */
  onType?: (text: string, pick: vscode.QuickPick<PickItem<T>>) => void;
}

export function pick<T>(options: PickOptions<T>): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<PickItem<T>>();
  input.placeholder = options.placeholder;
  input.items = options.items;
  input.matchOnDetail = true;
  input.matchOnDescription = true;
  const active = options.items.find((item) => item.value !== undefined && item.value === options.active);
  if (active !== undefined) input.activeItems = [active];
  const answer = shown<T>(input, options, (resolve) =>
    input.onDidAccept(() => {
      const [item] = input.selectedItems;
      if (item?.value !== undefined) resolve(item.value);
    }),
  );
  if (options.onType !== undefined) {
    const { onType } = options;
    input.onDidChangeValue((text) => onType(text, input));
  }
  options.onShown?.(input);
  return answer;
}

interface TextOptions extends Common {
  value: string;
  prompt: string;
  password?: boolean;
  /** What is wrong with a value; null where nothing is. */
  check: (value: string) => string | null;
  /** What should be known of a value that is right; null where nothing should. */
  hint?: (value: string) => string | null;
}

export function text(options: TextOptions): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.value = options.value;
  input.prompt = options.prompt;
  input.placeholder = options.placeholder;
  input.password = options.password ?? false;
  const say = (): boolean => {
    const problem = options.check(input.value);
    const hint = problem === null ? (options.hint?.(input.value) ?? null) : null;
    input.validationMessage =
      problem !== null
        ? { message: problem, severity: vscode.InputBoxValidationSeverity.Error }
        : hint !== null
          ? { message: hint, severity: vscode.InputBoxValidationSeverity.Info }
          : undefined;
    return problem === null;
  };
  // An empty box is no mistake before anything was typed.
  if (input.value !== '') say();
  input.onDidChangeValue(say);
  return shown<string>(input, options, (resolve) =>
    input.onDidAccept(() => {
      if (say()) resolve(input.value);
    }),
  );
}

function shown<T>(
  input: vscode.QuickPick<PickItem<T>> | vscode.InputBox,
  { title, place }: Common,
  onAccept: (resolve: (value: T) => void) => vscode.Disposable,
): Promise<Answer<T>> {
  input.title = title;
  input.step = place.step;
  input.totalSteps = place.of;
  // Somebody looks up an address or copies a key from elsewhere meanwhile.
  input.ignoreFocusOut = true;
  input.buttons = place.step > 1 ? [vscode.QuickInputButtons.Back] : [];
  return new Promise((resolve) => {
    const end = (answer: Answer<T>): void => {
      resolve(answer);
      input.dispose();
    };
    onAccept(end);
    input.onDidTriggerButton((button) => {
      if (button === vscode.QuickInputButtons.Back) end(BACK);
    });
    // Disposing hides, too; the promise is settled by then.
    input.onDidHide(() => end(CANCEL));
    input.show();
  });
}
