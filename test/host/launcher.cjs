#!/usr/bin/env node
// What @vscode/test-electron starts where it expects desktop VS Code; the program itself is launcher.ts.
'use strict';
require('tsx/cjs');
void require('./launcher.ts').main(process.argv.slice(2));
