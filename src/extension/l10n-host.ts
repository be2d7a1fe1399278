/**
 * Imported first by each bundle that shows texts: a constant of another module may be made of one as soon as that is loaded,
 * and would stay English.
 */
import * as vscode from 'vscode';
import { useTranslations } from './l10n';

useTranslations((message, ...values) => vscode.l10n.t(message, ...values));
