// Shared by the browser tests: a gallery that can be killed and started again, a browser, and a page that the tests use
// as people do (by role and by label) and check for errors.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after} from 'node:test';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

export const sourceRoot = fileURLToPath(new URL('../..', import.meta.url));

/// The time limit of an expectation, in milliseconds. It is generous, because the machine may be busy.
export const patience = 15_000;

/// Stores are in memory if possible, which is faster. The tests kill servers and never the machine, so nothing is lost.
const memoryFolder = '/dev/shm';

/// A program with pages for tests. Its heartbeat is one second, and at most two pages of a conversation may have
/// streams.
export const testSite = process.env.STUBE_BEHAVIORS_SITE ?? path.join(sourceRoot, 'build/release/tests/browser/behaviors_site');

// ---- the gallery ----------------------------------------------------------------------------------

function galleryProgram() {
    const program = process.env.STUBE_GALLERY ?? path.join(sourceRoot, 'build/release/examples/gallery');
    if (!existsSync(program)) throw new Error(`there is no gallery at ${program}: build it, or set STUBE_GALLERY`);
    return program;
}

/// Listens on a port of this machine. Null if the port is in use.
const listenOn = port => new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', error => error.code === 'EADDRINUSE' ? resolve(null) : reject(error));
    server.listen(port, '127.0.0.1', () => resolve(server));
});

/// Reserves a port for a server of this process, also while that server is being restarted. The ports are below the
/// range that the system uses for outgoing connections. Test files run at the same time: the process that has
/// reserved a port listens on the port 5,000 above it until it exits. Other processes do not take a port that is
/// reserved in this way.
export async function freePort() {
    for (;;) {
        const port = randomInt(10_000, 15_000);
        const holder = await listenOn(port + 5_000);
        if (!holder) continue;
        holder.unref();
        const probe = await listenOn(port);
        if (probe) return new Promise(resolve => probe.close(() => resolve(port)));
        holder.close();
    }
}

/// A gallery with a port and an SQLite store of its own. Both stay the same after kill() and start().
export class Gallery {
    log = ''; // the standard error of all its processes

    static async started(t, program = galleryProgram(), options = []) {
        const gallery = new Gallery();
        gallery.program = program;
        gallery.options = options;
        gallery.folder = await mkdtemp(path.join(existsSync(memoryFolder) ? memoryFolder : tmpdir(), 'stube-browser-'));
        gallery.port = await freePort();
        t.after(() => gallery.remove());
        await gallery.start();
        return gallery;
    }

    url(at) { return `http://127.0.0.1:${this.port}${at}`; }

    async start() {
        const store = `sqlite:${path.join(this.folder, 'gallery.db')}`;
        const common = ['--port', String(this.port), '--store', store, '--archive'];
        const child = spawn(this.program, [...common, ...this.options]);
        this.process = child;
        this.exited = new Promise(resolve => child.once('exit', resolve));
        child.stderr.setEncoding('utf8').on('data', text => { this.log += text; });
        await new Promise((resolve, reject) => {
            child.once('error', reject);
            child.once('exit', code => reject(new Error(`the gallery exited with ${code}:\n${this.log}`)));
            createInterface({input: child.stdout}).on('line', line => {
                if (line === `listening on ${this.url('/')}`) resolve();
            });
        });
    }

    /// kill -9: the process cannot save anything.
    async kill() {
        this.process.kill('SIGKILL');
        await this.exited;
    }

    async restart() {
        await this.kill();
        await this.start();
    }

    async remove() {
        await this.kill();
        await rm(this.folder, {recursive: true, force: true});
    }
}

// ---- the browser ----------------------------------------------------------------------------------

/// The browser that the tests drive: "chromium" or "firefox".
export const browserName = process.env.STUBE_BROWSER ?? 'chromium';

function binary(variable, usual) {
    const named = process.env[variable];
    const found = (named ? [named] : usual).find(existsSync);
    if (!found) throw new Error(`no browser (${named ?? usual.join(', ')}): install one, or set ${variable} to its path`);
    return found;
}

/// Required, not imported: node would first parse the whole package to find the names that it exports.
function playwright() {
    try {
        return createRequire(import.meta.url)('playwright-core');
    } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND') throw error;
        throw new Error('playwright-core is missing: npm --prefix tests/browser ci');
    }
}

/// The sandbox needs rights that containers lack. The other options disable background requests of the browser.
const quietly = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const launchers = {
    chromium: ({chromium}, options) => chromium.launch({
        executablePath: binary('STUBE_CHROMIUM', ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']),
        args: quietly,
        ...options,
    }),
    // Any Firefox, by WebDriver BiDi. Without the channel, playwright requires a build of its own.
    firefox: ({firefox}, options) => firefox.launch({
        channel: 'moz-firefox',
        executablePath: binary('STUBE_FIREFOX', ['/usr/bin/firefox-esr', '/usr/bin/firefox']),
        ...options,
    }),
};

const launch = async options => launchers[browserName](playwright(), options);

let shared; // by the tests of a file, because a start takes time
after(async () => (await shared)?.close());

async function visitorIn(t, browser, options) {
    const context = await browser.newContext({locale: 'en-US', timezoneId: 'UTC', ...options});
    t.after(() => context.close());
    context.setDefaultTimeout(patience);
    return context;
}

/// A person with cookies of their own.
export async function newVisitor(t, options) {
    return visitorIn(t, await (shared ??= launch()), options);
}

/// A person with a browser of their own.
export async function newVisitorWithBrowser(t, browserOptions) {
    const browser = await launch(browserOptions);
    t.after(() => browser.close());
    return visitorIn(t, browser);
}

/// A page that records its errors in `problems`; see assertFlawless.
export async function openPage(visitor, url) {
    const page = await visitor.newPage();
    page.problems = [];
    page.on('pageerror', error => page.problems.push(`exception: ${error.stack ?? error}`));
    page.on('console', message => {
        if (['error', 'warning'].includes(message.type())) page.problems.push(`${message.type()}: ${message.text()}`);
    });
    await page.exposeFunction('reportViolation', text => { page.problems.push(`policy: ${text}`); });
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', event =>
        window.reportViolation(`${event.violatedDirective} blocked ${event.blockedURI || 'inline'}`)));
    if (url) await page.goto(url);
    return page;
}

/// A gallery (or another program with the same options), a visitor and a page of the visitor.
export async function visit(t, at, program, options) {
    const gallery = await Gallery.started(t, program, options);
    const visitor = await newVisitor(t);
    return {gallery, visitor, page: await openPage(visitor, gallery.url(at))};
}

/// The browser's message about a request to a server that is down.
export const serverAway = /Failed to load resource: net::ERR_/;

/// Asserts that the page has no problems except the expected ones: exceptions, logged errors and warnings, violations
/// of the content security policy.
export function assertFlawless(page, ...expected) {
    assert.deepEqual(page.problems.filter(line => !expected.some(pattern => pattern.test(line))), []);
}

// ---- what a person does and sees --------------------------------------------------------------------

export const button = (page, name) => page.getByRole('button', {name, exact: true});
export const heading = (page, name) => page.getByRole('heading', {name, exact: true, level: 1});

/// Polls until `check` succeeds. Throws its last error after `limit` milliseconds.
export async function eventually(check, limit = patience) {
    const deadline = Date.now() + limit;
    for (;;) {
        try {
            return await check();
        } catch (error) {
            if (Date.now() > deadline) throw error;
        }
        await new Promise(resolve => setTimeout(resolve, 50));
    }
}

/// Waits until an unwanted second effect would have appeared.
export const aMoment = () => new Promise(resolve => setTimeout(resolve, 700));

/// Sets a global variable of the document. It is gone after a reload; see assertNotReloaded.
export const mark = page => page.evaluate(() => { window.stillTheSamePage = true; });
export const assertNotReloaded = async page =>
    assert.equal(await page.evaluate(() => window.stillTheSamePage), true, 'the page was reloaded');
