// The stand-up board of tutorial/12-going-live behind a proxy, which is set up with the files of the page. Only names,
// ports and certificates differ, because they depend on the machine.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {freePort, newVisitor, sourceRoot} from '../browser/support.mjs';

export const pageFolder = path.join(sourceRoot, 'tutorial/12-going-live');

/// A folder that is removed after the test.
export async function scratchFolder(t) {
    const folder = await mkdtemp(path.join(tmpdir(), 'stube-live-'));
    t.after(() => rm(folder, {recursive: true, force: true}));
    return folder;
}

/// The text of a file of the page, with `changes`: [old, new] pairs. The file must contain each old text: otherwise
/// the test would use the file in another form than intended.
export async function fileOfPage(name, changes) {
    let text = await readFile(path.join(pageFolder, name), 'utf8');
    for (const [old, replacement] of changes) {
        assert.ok(text.includes(old), `${name} has no "${old}"`);
        text = text.replaceAll(old, replacement);
    }
    return text;
}

/// The program of the page. It can be ended and started again on the same port and store.
export class Standup {
    log = '';

    static async started(t, {program = process.env.STUBE_STANDUP, folder, args = []} = {}) {
        const standup = new Standup();
        standup.program = program;
        standup.args = args;
        standup.folder = folder ?? await scratchFolder(t);
        standup.port = await freePort();
        t.after(() => standup.end('SIGKILL'));
        await standup.start();
        return standup;
    }

    url(at) { return `http://127.0.0.1:${this.port}${at}`; }

    async start() {
        const env = {...process.env, STATE_DIRECTORY: this.folder};
        this.process = spawn(this.program, [String(this.port), ...this.args], {env, cwd: this.folder});
        this.exited = new Promise(resolve => this.process.once('exit', resolve));
        this.process.stderr.setEncoding('utf8').on('data', text => { this.log += text; });
        await new Promise((resolve, reject) => {
            this.process.once('error', reject);
            this.process.once('exit', code => reject(new Error(`exited with ${code}:\n${this.log}`)));
            createInterface({input: this.process.stdout}).on('line', line => {
                if (line === `listening on ${this.url('/')}`) resolve();
            });
        });
    }

    /// Returns the exit code.
    end(signal) {
        this.process.kill(signal);
        return this.exited;
    }
}

/// A person with a board of their own. Counts the sent and the acknowledged items.
export class Member {
    sent = 0;
    acknowledged = 0;
    events = 0;

    async begin(standup) {
        const response = await fetch(standup.url('/'));
        this.cookie = response.headers.get('set-cookie').split(';')[0];
        const html = await response.text();
        this.event = /action="([^"]+\/add)"/.exec(html)[1];
        this.conversation = /data-conversation="([^"]+)"/.exec(html)[1];
    }

    async add(standup) {
        ++this.sent;
        await this.post(standup, this.event, `i1-draft=item+${this.sent}`);
        ++this.acknowledged;
    }

    send(standup, member, args) {
        return this.post(standup, this.event.replace(/add$/, member), `stube-args=${encodeURIComponent(args)}`);
    }

    async post(standup, address, body) {
        const id = (++this.events).toString(16).padStart(16, '0');
        const response = await fetch(standup.url(address), {
            method: 'POST',
            headers: {cookie: this.cookie, 'stube-event-id': id, 'content-type': 'application/x-www-form-urlencoded'},
            body,
        });
        assert.equal(response.status, 200, await response.text());
    }

    /// The names of the buttons of each item.
    async buttonsOf(standup) {
        const html = await (await this.visit(standup)).text();
        return html.match(/<li>.*?<\/li>/g).map(item =>
            [...item.matchAll(/<button[^>]*>([^<]*)/g)].map(button => button[1]).join(' '));
    }

    visit(standup) {
        return fetch(standup.url(`/?c=${this.conversation}`), {headers: {cookie: this.cookie}});
    }

    async itemsOn(standup) {
        const html = await (await this.visit(standup)).text();
        assert.ok(html.includes(`data-conversation="${this.conversation}"`), 'the conversation is not there');
        return html.match(/<li>/g)?.length ?? 0;
    }
}

export function makeCertificate(folder) {
    execFileSync('openssl', [
        'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
        '-addext', 'subjectAltName=DNS:localhost', '-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem'),
    ], {stdio: 'ignore'});
    return {certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem')};
}

/// Runs a proxy until the end of the test. Returns when the proxy listens.
export async function runProxy(t, program, args, port, env = {}) {
    const child = spawn(program, args, {env: {...process.env, ...env}});
    let log = '';
    for (const from of [child.stdout, child.stderr]) from.setEncoding('utf8').on('data', text => { log += text; });
    const exited = new Promise(resolve => child.once('exit', resolve));
    t.after(() => { child.kill('SIGTERM'); return exited; });
    for (;;) {
        if (child.exitCode !== null) throw new Error(`${program} exited with ${child.exitCode}:\n${log}`);
        const listens = await new Promise(resolve => {
            const probe = connect(port, '127.0.0.1', () => { probe.destroy(); resolve(true); });
            probe.once('error', () => resolve(false));
        });
        if (listens) return;
        await new Promise(resolve => setTimeout(resolve, 50));
    }
}

/// A person who trusts the certificate of this test.
export const visitorOf = t => newVisitor(t, {ignoreHTTPSErrors: true});
