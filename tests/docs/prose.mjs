// Fails on patterns that CONTRIBUTING.md forbids under "Plain English" and that a program can find: a comment whose first
// word is What, Who or Whose, two worn phrases (below), and lines over 100 columns in C++ or over 120 in Markdown.
//
//     node tests/docs/prose.mjs [folder]

import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join, relative} from 'node:path';

const root = process.argv[2] ?? '.';
const skipped = /(^|\/)(node_modules|build|golden|stray|\.git)(\/|$)/;

function filesBelow(folder) {
  return readdirSync(folder, {withFileTypes: true}).flatMap(entry => {
    const path = join(folder, entry.name);
    if (skipped.test(relative(root, path))) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const isCode = /\.(cpp|hpp)$/;
const isScript = /\.(js|mjs)$/;
const isText = /\.md$/;

// Comments without their marks; in Markdown everything but code blocks and tables.
function proseOf(path, lines) {
  let inBlock = false;
  return lines.map(line => {
    if (isText.test(path)) {
      if (/^\s*```/.test(line)) {
        inBlock = !inBlock;
        return '';
      }
      return inBlock ? '' : line;
    }
    return /^\s*\/\/[/!]? ?(.*)$/.exec(line)?.[1] ?? '';
  });
}

const complaints = [];

function check(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const prose = proseOf(path, lines);
  const complain = (number, why) => complaints.push(`${relative(root, path)}:${number + 1}: ${why}`);
  const opensComment = number => number === 0 || prose[number - 1] === '';
  const limit = isText.test(path) ? 120 : 100;
  lines.forEach((line, number) => {
    const isLong = [...line].length > limit;
    const mayBeLong = isScript.test(path) || /^\s*\|/.test(line) || /https?:\/\/\S+$/.test(line);
    if (isLong && !mayBeLong) complain(number, `more than ${limit} columns`);
    const text = prose[number];
    if (!isText.test(path) && opensComment(number) && /^(What|Who|Whose)\b/.test(text))
      complain(number, 'the comment opens with a clause: name the noun');
    if (/(?<!\bthere )\bis no (?!longer\b|more\b|other\b)/.test(text)) complain(number, '"is no ...": write "is not a valid ..." or "is absent"');
    if (/\banew\b/.test(text)) complain(number, '"anew": write "again"');
  });
}

const files = existsSync(join(root, '.git'))
  ? execFileSync('git', ['-C', root, 'ls-files'], {encoding: 'utf8'}).split('\n').filter(Boolean).map(name => join(root, name))
  : filesBelow(root);
files.filter(path => !skipped.test(relative(root, path)) && existsSync(path))
  .filter(path => isCode.test(path) || isScript.test(path) || isText.test(path))
  .forEach(check);

complaints.forEach(line => console.error(line));
console.log(`${complaints.length} complaints`);
process.exitCode = complaints.length ? 1 : 0;
