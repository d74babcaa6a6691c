// A reader of the tutorial: somebody who has a folder, a terminal and a browser, and does what a page says, literally.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {freePort, sourceRoot} from '../browser/support.mjs';

// Building stube takes minutes, and here stands a build of it: it is only installed, unless somebody asks for more.
const stubeBuild = process.env.STUBE_TUTORIAL_WHOLE ? null : process.env.STUBE_BUILD ?? path.join(sourceRoot, 'build/release');

/// The blocks of a page in their order. One that follows a line such as "In `main.cpp`:" is that file.
export function blocksOf(page) {
    const blocks = [];
    let block = null;
    let said = ''; // the last line of prose
    for (const line of readFileSync(path.join(sourceRoot, 'tutorial', page), 'utf8').split('\n')) {
        if (block && line === '```') {
            blocks.push(block);
            block = null;
            said = '';
        } else if (block) {
            block.text += `${line}\n`;
        } else if (line.startsWith('```')) {
            const file = said.match(/`([^`]+)`:$/);
            block = {language: line.slice(3), file: file && file[1], text: ''};
        } else if (line.trim()) {
            said = line;
        }
    }
    assert.equal(block, null, `${page}: a block has no end`);
    return blocks;
}

const buildsStube = block => block.language === 'sh' && block.text.includes('--prefix stube-installed');
const startsProgram = block => block.language === 'sh' && ['./build/standup\n', './build/expenses\n'].includes(block.text);

/// A program of the tutorial on a port of its own, where a reader has 8080. It keeps its files over kill() and start().
export class Program {
    log = ''; // what it wrote, over all its lives

    constructor(command, cwd) {
        this.command = command;
        this.cwd = cwd;
    }

    url(at) { return `http://127.0.0.1:${this.port}${at}`; }

    async start() {
        this.port ??= await freePort();
        const child = spawn(this.command, [String(this.port)], {cwd: this.cwd});
        this.process = child;
        this.exited = new Promise(resolve => child.once('exit', resolve));
        child.stderr.setEncoding('utf8').on('data', text => { this.log += text; });
        await new Promise((resolve, reject) => {
            child.once('error', reject);
            child.once('exit', code => reject(new Error(`the program exited with ${code}:\n${this.log}`)));
            createInterface({input: child.stdout}).on('line', line => {
                this.log += `${line}\n`;
                if (line === `listening on ${this.url('/')}`) resolve();
            });
        });
    }

    /// kill -9
    async kill() {
        if (!this.process) return;
        this.process.kill('SIGKILL');
        await this.exited;
        this.process = null;
    }

    async restart() {
        await this.kill();
        await this.start();
    }
}

/// The folder in which a reader has a clone of stube, and types; and the program that they have built last.
export class Desk {
    constructor(t) {
        this.folder = mkdtempSync(path.join(tmpdir(), 'stube-tutorial-'));
        this.cwd = this.folder;
        t.after(async () => {
            await this.program?.kill();
            rmSync(this.folder, {recursive: true, force: true});
        });
        symlinkSync(sourceRoot, path.join(this.folder, 'stube'));
    }

    type(commands) {
        // Whoever follows again finds what was compiled the last time, though the folder has another name.
        const env = {...process.env, CCACHE_BASEDIR: this.folder, CCACHE_NOHASHDIR: '1'};
        const said = execFileSync('bash', ['-euc', `${commands}\npwd`], {cwd: this.cwd, encoding: 'utf8', env});
        this.cwd = said.trimEnd().split('\n').at(-1);
        return said;
    }

    /// Does all that the page says up to where it starts the program, and starts it. Page 10 starts none: it is
    /// followed when its commands have succeeded.
    async follow(page) {
        await this.program?.kill();
        for (const block of blocksOf(page)) {
            if (startsProgram(block)) {
                this.program = new Program(block.text.trim(), this.cwd);
                return this.program.start();
            }
            if (block.file) {
                writeFileSync(path.join(this.cwd, block.file), block.text);
            } else if (buildsStube(block) && stubeBuild) {
                this.type(`cmake --install '${stubeBuild}' --prefix stube-installed`);
            } else if (block.language === 'sh') {
                this.type(block.text);
            }
        }
    }
}
