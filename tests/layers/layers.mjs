// Draws the dependencies between the rooms of the libraries from their #include lines, and fails if one points upwards.
//
//     ./dev layers            the drawing, and every include that breaks a rule
//     ./dev layers --files    also each include of another room
//
// A room is a folder. The public headers of runtime/ and of http/ lie flat in one folder, so each belongs to the room of
// its source. Headers without a source are listed below.

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {basename, dirname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';

const option = name => process.argv.includes(name) && (process.argv[process.argv.indexOf(name) + 1] ?? true);
const root = option('--root') || join(dirname(fileURLToPath(import.meta.url)), '../..');

// From the ground up. A room may include the rooms that it names, and theirs.
const rooms = {
  'store': [],
  'runtime/component': ['store'],
  'runtime/conversation': ['runtime/component', 'store'],
  'runtime/kernel': ['runtime/conversation'],
  'runtime/live': ['runtime/kernel'],
  'runtime/testing': ['runtime/kernel'],
  'flow': ['runtime/component'],
  'http/protocol': ['runtime/live'],
  'http/inspector': ['http/protocol'],
  'http/site': ['http/inspector'],
  'http/handlers': ['http/site'],
  'http/transport': ['http/handlers'],
  'http': ['http/transport', 'runtime/testing'],
  'stube.hpp': ['flow', 'http'],
};

// The application's one include, of everything that an application uses.
const umbrella = 'http/include/stube/stube.hpp';

const headersWithoutSource = {
  'runtime/component': ['access', 'app_objects', 'call', 'component_error', 'context', 'field', 'messages', 'random_bits'],
  'runtime/kernel': ['outbox'],
  'runtime/live': ['conversation_options', 'conversation_query'],
  'http/protocol': ['page_options'],
  'http/site': ['options'],
};

// A room that is entered by some of its headers only. No other room may include its other headers.
const entries = {
  'http/handlers': ['exchange', 'handle'],
};

// The pure rooms take time, files and threads as arguments, or not at all.
const pure = ['runtime/component', 'runtime/conversation', 'runtime/kernel', 'runtime/testing'];
const impure = /^(thread|mutex|condition_variable|atomic|fstream|filesystem|iostream|cstdio|unistd\.h|sys\/.*|spdlog\/.*)$/;
const impureByDesign = {
  // A function-local cache of an immutable value.
  'runtime/include/stube/runtime/detail/found_once.hpp': ['atomic'],
};
const networkOrDatabase = /^(boost\/(asio|beast)\b.*|sqlite3\.h)$/;
const usesNetworkOrDatabase = ['http/transport', 'http', 'store'];

function filesBelow(folder) {
  return readdirSync(join(root, folder), {withFileTypes: true, recursive: true})
    .filter(entry => entry.isFile() && /\.[ch]pp$/.test(entry.name))
    .map(entry => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

const files = ['store', 'runtime', 'flow', 'http'].filter(folder => existsSync(join(root, folder))).flatMap(filesBelow);

function roomOf(file) {
  if (file === umbrella) return 'stube.hpp';
  const top = file.split('/')[0];
  if (!Object.keys(rooms).some(room => room.startsWith(`${top}/`))) return top;
  const publicPath = `${top}/include/stube/${top}/`;
  if (!file.startsWith(publicPath)) return dirname(file);
  if (file.startsWith(`${publicPath}detail/`)) return 'runtime/component';
  const name = basename(file, '.hpp');
  const isHere = room => room.startsWith(`${top}/`) && headersWithoutSource[room].includes(name);
  const named = Object.keys(headersWithoutSource).find(isHere);
  const source = files.find(each => each.startsWith(`${top}/`) && basename(each) === `${name}.cpp`);
  return named ?? (source ? dirname(source) : undefined);
}

/// The file that an include names; undefined for the headers of others.
function includedFile(name) {
  if (files.includes(name)) return name;
  const [, library] = /^stube\/(\w+)\//.exec(name) ?? [];
  const found = `${library ?? 'http'}/include/${name}`;
  return name.startsWith('stube/') && files.includes(found) ? found : undefined;
}

function includesOf(file) {
  const lines = readFileSync(join(root, file), 'utf8').matchAll(/^ *# *include *[<"]([^>"]+)[>"]/gm);
  return [...lines].map(([, name]) => name);
}

function mayInclude(from, to) {
  return from === to || rooms[from].some(below => mayInclude(below, to));
}

const wrong = [];
const arrows = new Map();  // "from to" -> the files that include

for (const file of files) {
  const from = roomOf(file);
  if (!rooms[from]) {
    wrong.push(`${file} is in no room: give the header a source of its name, or name its room in tests/layers/layers.mjs`);
    continue;
  }
  for (const name of includesOf(file)) {
    const target = includedFile(name);
    if (!target) {
      const allowed = impureByDesign[file]?.includes(name);
      if (pure.includes(from) && impure.test(name) && !allowed) wrong.push(`${file} includes <${name}>: ${from} is pure`);
      if (!usesNetworkOrDatabase.includes(from) && networkOrDatabase.test(name)) wrong.push(`${file} includes <${name}>`);
      continue;
    }
    const to = roomOf(target);
    if (!rooms[to]) continue;
    if (!mayInclude(from, to)) wrong.push(`${file} includes ${target}: an arrow upwards, from ${from} to ${to}`);
    if (from === to) continue;
    if (entries[to] && !entries[to].includes(basename(target, '.hpp'))) {
      wrong.push(`${file} includes ${target}, which is not an entry of ${to}`);
    }
    const key = `${from} ${to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), `${file} -> ${target}`]);
  }
}

// A source has a header of its name, or is a further part of one: turn_effects.cpp of turn.hpp.
for (const file of files.filter(each => each.endsWith('.cpp'))) {
  const headers = files.filter(each => each.endsWith('.hpp') && each.split('/')[0] === file.split('/')[0]);
  const name = basename(file, '.cpp');
  const isPart = header => name === basename(header, '.hpp') || name.startsWith(`${basename(header, '.hpp')}_`);
  if (!headers.some(isPart)) wrong.push(`${file} has no header of its name`);
}

// Sources of an application see neither the kernel nor the conversation map.
const seen = new Set();
const visit = file => {
  if (seen.has(file)) return;
  seen.add(file);
  includesOf(file).map(includedFile).filter(Boolean).forEach(visit);
};
visit(umbrella);
for (const file of seen) {
  const isHidden = ['runtime/conversation', 'runtime/kernel', 'runtime/live', 'runtime/testing'].includes(roomOf(file));
  if (isHidden && basename(file) !== 'conversation_options.hpp') wrong.push(`<stube/stube.hpp> includes ${file}`);
}

for (const room of Object.keys(rooms).reverse()) {
  const own = files.filter(file => roomOf(file) === room).length;
  const below = [...arrows].filter(([key]) => key.startsWith(`${room} `));
  const to = below.map(([key, list]) => `${key.split(' ')[1]} (${list.length})`).join(', ');
  console.log(`${room.padEnd(22)}${String(own).padStart(3)} files${to ? `  ->  ${to}` : ''}`);
  if (option('--files')) below.flatMap(([, list]) => list).forEach(line => console.log(`    ${line}`));
}

for (const line of wrong) console.error(`wrong: ${line}`);
process.exitCode = wrong.length ? 1 : 0;
