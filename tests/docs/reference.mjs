// Writes docs/reference/ from the comments of the public headers: a page for each group of headers, with every
// public name, one line, and a link.
//
//     node tests/docs/reference.mjs            writes the pages
//     node tests/docs/reference.mjs --check    fails if a page lacks a name, or has one that is gone
//
// It reads the headers as clang-format leaves them, and is no parser of C++: what it cannot make sense of it names.
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = path.join(root, 'docs/reference');

// ---- the pages --------------------------------------------------------------------------------------

const pages = [
    {
        file: 'components.md', title: 'Components and markup',
        text: 'A component is a struct with a `render()`. The tutorial begins with one: [First component](../../tutorial/01-first-component.md).',
        headers: ['component', 'context', 'markup', 'html', 'route', 'behavior', 'codec'],
    },
    {
        file: 'calls.md', title: 'Calls and answers',
        text: 'What a handler returns: [Asking and answering](../../tutorial/02-asking-and-answering.md).',
        headers: ['call', 'effects'],
    },
    {
        file: 'slots.md', title: 'Slots and lists',
        text: 'Components within components: [Edit in place](../../tutorial/03-edit-in-place.md).',
        headers: ['slot'],
    },
    {
        file: 'fields.md', title: 'Fields and forms',
        text: 'What takes values from a browser, and the controls for it: [Forms that validate](../../tutorial/04-forms-that-validate.md).',
        headers: ['field', 'ui'],
    },
    {
        file: 'messages.md', title: 'Messages, timers, work',
        text: 'What happens without a user: [Live across browsers](../../tutorial/05-live-across-browsers.md).',
        headers: ['messages'],
    },
    {
        file: 'history.md', title: 'History and addresses',
        text: 'The way back, and what stands in the address: [Addresses and Back](../../tutorial/08-addresses-and-back.md), [decision 9](../decisions/0009-history.md).',
        headers: [],
        names: ['back', 'no_way_back', 'push_url', 'replace_url', 'page_url', 'pushed', 'go_back', 'max_history', 'history_step'],
    },
    {
        file: 'flows.md', title: 'Flows',
        text: 'Coroutines as components: [Tasks and flows](../../tutorial/06-tasks-and-flows.md).',
        headers: ['flow', 'waiting'],
    },
    {
        file: 'stores.md', title: 'Stores',
        text: 'Where conversations are kept, how to write a store, and conversations as values: [Stores](../../tutorial/09-stores.md).',
        headers: ['store', 'memory_store', 'file_store', 'sqlite_store', 'contract', 'check_store', 'snapshot'],
    },
    {
        file: 'app.md', title: 'The app and HTTP',
        text: 'What is served, and how: [Going live](../../tutorial/11-going-live.md).',
        headers: ['app', 'options', 'login', 'server'],
    },
    {
        file: 'testing.md', title: 'Testing',
        text: 'A conversation without a server: [Testing without a browser](../../tutorial/10-testing-without-a-browser.md).',
        headers: ['test_conversation'],
    },
    {
        file: 'inside.md', title: 'Inside',
        text: 'What the server is made of, for tools and for those who want to know: [How it works](../how-it-works.md).',
        headers: null, // all that no other page has
    },
];

// ---- reading a header -------------------------------------------------------------------------------

const opening = {'(': ')', '{': '}', '[': ']'};

/// The text from `at`, where a bracket opens, to behind the one that closes it.
function balanced(text, at) {
    const closing = [opening[text[at]]];
    let end = at + 1;
    while (closing.length && end < text.length) {
        const c = text[end];
        if (c === '"' || (c === "'" && !/[0-9a-f]/i.test(text[end - 1]))) {
            for (++end; end < text.length && text[end] !== c; ++end) if (text[end] === '\\') ++end;
        } else if (text.startsWith('//', end)) {
            end = text.indexOf('\n', end);
        } else if (opening[c]) {
            closing.push(opening[c]);
        } else if (c === closing.at(-1)) {
            closing.pop();
        }
        ++end;
    }
    return text.slice(at, end);
}

const withoutMacros = text => {
    const out = text.replace(/^ *#(?:[^\n]*\\\n)*[^\n]*$/gm, '').replace(/^ *STUBE_\w+\(.*$/gm, '');
    for (let rest = out, done = ''; ;) {
        const found = /^BOOST_DESCRIBE_\w+(?=\()/m.exec(rest);
        if (!found) return done + rest;
        const at = found.index + found[0].length;
        done += rest.slice(0, found.index);
        rest = rest.slice(at + balanced(rest, at).length);
    }
};

/// Declarations of a scope: {code, doc: [lines], inside: [...] for a class or namespace}.
class Reader {
    at = 0;

    constructor(text) { this.text = text; }

    scope(isClass) {
        const found = [];
        let doc = [];
        let code = '';
        let isPublic = isClass !== 'class';
        const finish = (more = {}) => {
            if (code.trim() && isPublic) found.push({code: code.trim(), doc, ...more});
            doc = [];
            code = '';
        };
        while (this.at < this.text.length) {
            const rest = this.text.slice(this.at, this.at + 200);
            const comment = /^\/\/(\/?<?)[ ]?(.*)/.exec(rest);
            if (comment) {
                const whole = /^[^\n]*/.exec(this.text.slice(this.at))[0];
                const line = whole.replace(/^\/\/\/?<? ?/, '');
                if (comment[1] === '/<') found.at(-1)?.doc.push(line);
                else if (comment[1] === '/') doc.push(line);
                this.at += whole.length;
                continue;
            }
            const c = rest[0];
            if (c === '}') {
                ++this.at;
                return found;
            }
            if (c === '"' || c === '(' || c === '[') {
                const piece = c === '"' ? /^"(\\.|[^"\\])*"/.exec(this.text.slice(this.at))[0] : balanced(this.text, this.at);
                code += piece;
                this.at += piece.length;
            } else if (c === '{') {
                this.brace(code, finish, text => { code += text; });
            } else if (c === ';') {
                ++this.at;
                finish();
            } else if (c === ':' && /^\s*(public|private|protected)$/.test(code)) {
                isPublic = code.trim() === 'public';
                code = '';
                ++this.at;
            } else {
                code += c;
                ++this.at;
            }
        }
        return found;
    }

    brace(code, finish, append) {
        const bare = withoutTemplate(code.trim());
        const space = /^(inline )?namespace( [\w:]+)?$/.exec(bare);
        const type = /^(?:\[\[nodiscard\]\] )?(class|struct|enum class|enum|union)\b/.exec(bare);
        const isRequirement = /\brequires\s*(\([^()]*\)\s*)?$/.test(code);
        const isInitializer = /\)\s*:[^:]/.test(bare) && /[\w>]\s*$/.test(code);
        const piece = balanced(this.text, this.at);
        if (isRequirement || isInitializer) {
            append(piece);
            this.at += piece.length;
        } else if (space || (type && !type[1].startsWith('enum'))) {
            ++this.at;
            const inside = this.scope(type?.[1] ?? 'namespace');
            if (type) this.skip(';');
            finish({inside, space: space?.[2]?.trim()});
        } else {
            this.at += piece.length;
            if (type) {
                this.skip(';');
                finish({inside: enumerators(piece.slice(1, -1))});
            } else if (/\(/.test(bare) && !/[^=!<>]=[^=]/.test(bare.replace(/\([\s\S]*\)/, ''))) {
                finish(); // a function with its body
            } else {
                append(' '); // a variable with its value
            }
        }
    }

    skip(what) {
        while (this.at < this.text.length && this.text[this.at] !== what) ++this.at;
        ++this.at;
    }
}

/// What stands in an enum. A comment with `///<` is of the name before it, one with `///` of the name that follows.
function enumerators(text) {
    const found = [];
    let before = [];
    for (const line of text.split('\n')) {
        const [, code, isBehind, doc] = /^(.*?)(?:\/\/\/(<?) ?(.*))?$/.exec(line);
        for (const name of code.split(',')) {
            const word = /^\s*(\w+)/.exec(name);
            if (!word) continue;
            found.push({code: word[1], doc: before, isEnumerator: true});
            before = [];
        }
        if (doc) (isBehind ? found.at(-1)?.doc : before)?.push(doc);
    }
    return found;
}

function withoutTemplate(code) {
    let out = code;
    while (/^template\s*</.test(out)) {
        let depth = 0;
        let end = out.indexOf('<');
        do {
            if (out[end] === '(') end += balanced(out, end).length - 1;
            if (out[end] === '<') ++depth;
            if (out[end] === '>') --depth;
            ++end;
        } while (depth > 0 && end < out.length);
        out = out.slice(end).trim();
        if (/^requires\s*\(/.test(out)) out = out.slice(out.indexOf('(') + balanced(out, out.indexOf('(')).length).trim();
        if (/^requires requires\s*\{/.test(out)) out = out.slice(out.indexOf('{') + balanced(out, out.indexOf('{')).length).trim();
        out = out.replace(/^requires (?!requires)[\s\S]*?(?=\b(?:struct|class) \w+)/, '');
    }
    return out;
}

/// What stands before the first bracket that is not within <...>.
function head(code) {
    let depth = 0;
    for (let at = 0; at < code.length; ++at) {
        if (code[at] === '<' && !/operator<*$/.test(code.slice(0, at))) ++depth;
        if (code[at] === '>' && code[at - 1] !== '-') --depth;
        if (code[at] === '(' && depth <= 0) return {before: code.slice(0, at), brackets: balanced(code, at), at};
    }
    return null;
}

/// The parameters of a template that a caller has to write, as no argument tells them: "<C>".
function explicitParameters(code, brackets) {
    const list = /^template\s*</.test(code) && code.slice(code.indexOf('<') + 1, code.length - withoutTemplate(code).length);
    if (!list) return '';
    const names = list.replace(/\brequires\b[\s\S]*/, '').split(/,(?![^<(]*[>)])/)
        .filter(each => !/=|\.\.\./.test(each)).map(each => /(\w+)\s*>?\s*$/.exec(each.trim())?.[1])
        .filter(name => name && !new RegExp(`\\b${name}\\b`).test(brackets));
    return names.length ? `<${names.join(', ')}>` : '';
}

const noise = /\[\[nodiscard\]\]|\b(inline|constexpr|static|virtual|explicit|friend|final)\b/g;

/// {name, shown, kind} of a declaration; nothing for what a reader does not look for.
function describe(code) {
    const bare = withoutTemplate(code).replace(/\s+/g, ' ').replace(/ ?= ?(default|delete)$/, ' $1').trim();
    const type = /^(?:\[\[nodiscard\]\] )?(class|struct|enum class|enum|union) (?:\[\[nodiscard\]\] )?([\w:]+)(<[^{]*>)?/.exec(bare);
    if (type) return {name: type[2], shown: type[2] + (type[3] ?? ''), kind: type[1].replace(' class', ''), special: Boolean(type[3])};
    const alias = /^using (\w+) =/.exec(bare);
    if (alias) return {name: alias[1], shown: alias[1], kind: 'alias'};
    if (/^(using|typedef|static_assert|friend (class|struct)|extern)\b/.test(bare) || / delete$/.test(bare)) return null;
    const pointer = /\(\*(\w+)\s*\)\s*\(/.exec(bare);
    if (pointer) return {name: pointer[1], shown: pointer[1], kind: 'variable'};
    const call = head(bare.replace(noise, '').trim());
    if (call && !/[^=!<>]=[^=]/.test(call.before.replace(/<[^(]*>/g, ''))) {
        const name = /(~?\w+)(<.*>)?\s*$/.exec(call.before)?.[1];
        if (/\boperator\b/.test(call.before) || /::\w+\s*$/.test(call.before)) return {operator: true};
        const clean = bare.replace(noise, '').trim().replace(/ = 0$/, '').replace(/\s+/g, ' ');
        const after = clean.slice(head(clean).at + call.brackets.length);
        const tail = /^ const\b/.test(after) ? ' const' : '';
        const brackets = call.brackets.replace(/^\( /, '(').replace(/ \)$/, ')');
        const whole = clean.slice(0, head(clean).at) + explicitParameters(code, brackets) + brackets + tail;
        return {name, shown: whole.length <= 110 ? whole : `${name}${explicitParameters(code, brackets)}(...)`, kind: 'function'};
    }
    const variable = /^(.*?)(\w+)(?:<[^=]*>)?\s*(?:\[\w*\])?\s*(?:=.*)?$/.exec(bare.replace(/\s*\{.*$/, '').replace(/ = .*$/, ''));
    if (!variable) return null;
    const whole = bare.replace(noise, '').trim().replace(/\s+/g, ' ').replace(/ =$/, '');
    return {name: variable[2], shown: whole.length <= 80 ? whole : variable[2], kind: 'variable'};
}

// ---- one line for each name -------------------------------------------------------------------------

/// The first paragraph, up to an example.
function paragraph(doc) {
    const lines = [];
    for (const line of doc) {
        if (!line.trim() || /^ {4}/.test(line) || line.startsWith('```')) {
            if (lines.length) break;
        } else {
            lines.push(line.trim());
        }
    }
    return lines.join(' ');
}

function sentence(doc) {
    const text = paragraph(doc);
    const end = /[.!?](?=\s+["(A-Z`])/.exec(text);
    return (end ? text.slice(0, end.index + 1) : text).replace(/[:;,]$/, '.');
}

const inProse = text => text.split(/(`[^`]*`)/).map((part, at) => at % 2 ? part : part.replace(/[<*]/g, '\\$&')).join('');

const ended = text => /[.!?)]$/.test(text) ? text : `${text}.`;

function line(indent, shown, doc) {
    const said = sentence(doc);
    return `${indent}- \`${shown.replaceAll('`', '')}\`${said ? ` ${inProse(ended(said[0].toUpperCase() + said.slice(1)))}` : ''}`;
}

/// Lines for the members of a class.
function members(entries, owner) {
    const out = [];
    const seen = new Set();
    for (const each of entries) {
        const what = each.isEnumerator ? {name: each.code, shown: each.code, kind: 'enumerator'} : describe(each.code);
        if (!what || what.operator || /^(private|detail)$/.test(what.name ?? '')) continue;
        const isPlain = what.name === owner || what.name?.startsWith('~') || (what.kind !== 'variable' && seen.has(what.name));
        if (isPlain && !each.doc.length) continue;
        if (what.kind === 'alias' && !each.doc.length) continue;
        seen.add(what.name);
        const shown = each.inside && what.kind !== 'enum' ? `${what.kind} ${what.name}` : what.shown;
        out.push({name: what.name, text: line('  ', what.kind === 'enum' ? `enum ${what.shown}` : shown, each.doc)});
        if (each.inside) out.push(...members(each.inside, what.name).map(one => ({...one, text: `  ${one.text}`})));
    }
    return out;
}

/// Entries of a header: {name, lines}. `prefix` is the namespace below stube.
function entries(found, prefix, all) {
    const seen = new Set();
    for (const each of found) {
        if (each.space !== undefined) {
            const space = each.space.replace(/^stube(::)?/, '');
            const isForward = space === 'http' || /(^|::)detail$/.test(space);
            if (!isForward) entries(each.inside, prefix + (space ? `${space}::` : ''), all);
            continue;
        }
        const what = describe(each.code);
        if (!what || !what.name) continue;
        const isForward = ['class', 'struct', 'enum'].includes(what.kind) && !each.inside && !each.doc.length;
        const isRepeated = (what.special || seen.has(what.name)) && !each.doc.length;
        if (isForward || isRepeated || (what.kind === 'function' && what.operator)) continue;
        seen.add(what.name);
        const shown = what.kind === 'function' || what.kind === 'variable' ? what.shown : `${what.kind} ${prefix}${what.shown}`;
        const inside = each.inside ? members(each.inside, what.name) : [];
        const lead = what.kind === 'function' && prefix && !shown.includes(prefix) ? shown.replace(new RegExp(`\\b${what.name}\\b(?=\\()`), prefix + what.name) : shown;
        all.push({prefix, name: what.name, names: [what.name, ...inside.map(one => one.name)], lines: [line('', lead, each.doc), ...inside.map(one => one.text)]});
    }
    return all;
}

function readHeader(file) {
    const text = readFileSync(path.join(root, file), 'utf8');
    const found = new Reader(withoutMacros(text)).scope('namespace');
    const about = found.find(each => each.space?.startsWith('stube') && each.doc.length)?.doc ?? [];
    const all = entries(found, '', []);
    if (file.endsWith('/html.hpp')) all.push(...words(text));
    return {file, about: paragraph(about), entries: all};
}

/// The elements and attributes, which macros make.
function words(text) {
    const of = macro => [...text.matchAll(new RegExp(`STUBE_(?:${macro})\\((\\w+)\\)`, 'g'))].map(each => each[1])
        .filter(word => !['tag', 'word'].includes(word));
    const list = (title, macro) => {
        const names = [...new Set(of(macro))];
        return {name: title, names, lines: [`- ${title}: ${names.map(name => `\`${name}\``).join(' ')}`]};
    };
    return [
        list('Elements', 'ELEMENT|VERBATIM_ELEMENT'), list('Elements without content', 'VOID_ELEMENT'),
        list('Attributes that hold text', 'TEXT'), list('Attributes that hold a number', 'NUMBER'),
        list('Attributes that hold an address', 'ADDRESS'), list('Attributes that are there or not', 'FLAG'),
    ];
}

// ---- putting it together ----------------------------------------------------------------------------

function headerFiles() {
    const all = [];
    for (const part of ['runtime', 'store', 'flow', 'http']) {
        const folder = `${part}/include/stube/${part}`;
        all.push(...readdirSync(path.join(root, folder)).filter(name => name.endsWith('.hpp')).map(name => `${folder}/${name}`));
    }
    return all.sort();
}

function makePages() {
    const headers = headerFiles().map(readHeader);
    const stem = header => path.basename(header.file, '.hpp');
    const moved = new Map(pages.flatMap(page => (page.names ?? []).map(name => [name, page])));
    const made = new Map();
    for (const page of pages) {
        const mine = (page.headers ?? []).flatMap(name => headers.filter(header => stem(header) === name));
        const out = [`# ${page.title}`, '', page.text];
        const names = new Set();
        const section = (header, list) => {
            if (!list.length) return;
            const shown = header.file.replace(/^.*include\//, '');
            out.push('', `## [\`<${shown}>\`](../../${header.file})`, '');
            const isHome = page.headers ? page.headers.includes(stem(header)) : !pages.some(one => one.headers?.includes(stem(header)));
            if (isHome && header.about) out.push(inProse(ended(header.about.replace(/:$/, '.'))), '');
            for (const each of list) out.push(...each.lines);
            for (const each of list) for (const name of each.names) names.add(name);
        };
        const isInside = each => ['effect::', 'request::'].includes(each.prefix); // what handlers return is data: this is it
        const home = (header, each) => isInside(each) ? null : moved.get(each.name)
            ?? pages.find(one => one.headers?.includes(stem(header)));
        for (const header of page.names || !page.headers ? headers : mine) {
            section(header, header.entries.filter(each => (home(header, each) ?? pages.at(-1)) === page));
        }
        made.set(page.file, {text: `${out.join('\n')}\n`, names});
    }
    const index = ['# Reference', '', 'Every public name, in one line, from the comments of the headers; the headers say the rest, with examples.',
        'Written by `./dev reference`.', ''];
    for (const page of pages) index.push(`- [${page.title}](${page.file})`);
    made.set('README.md', {text: `${index.join('\n')}\n`, names: new Set()});
    return made;
}

const made = makePages();
if (process.argv.includes('--check')) {
    const wrong = [];
    for (const [file, {text, names}] of made) {
        const stored = readFileSync(path.join(target, file), 'utf8');
        const missing = [...names].filter(name => /^\w+$/.test(name) && !new RegExp(`\\b${name}\\b`).test(stored));
        if (missing.length) wrong.push(`docs/reference/${file} lacks: ${missing.join(' ')}`);
        const count = lines => lines.split('\n').filter(each => /^ *- `/.test(each)).length;
        if (count(stored) > count(text)) wrong.push(`docs/reference/${file} has names that the headers have not any more`);
    }
    if (wrong.length) {
        console.error(`${wrong.join('\n')}\nWrite them anew: ./dev reference`);
        process.exit(1);
    }
    console.log(`names in the reference: ${[...made.values()].reduce((sum, page) => sum + page.names.size, 0)}`);
} else {
    rmSync(target, {recursive: true, force: true});
    mkdirSync(target, {recursive: true});
    for (const [file, {text}] of made) writeFileSync(path.join(target, file), text);
}
