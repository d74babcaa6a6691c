// The updates of a page arrive on two connections: those of its own events in the responses, all others on its stream.
// Here either of them is late. STUBE_SEED repeats a run, STUBE_ACTIONS sets its length.
import assert from 'node:assert/strict';
import {connect, createServer} from 'node:net';
import {test} from 'node:test';
import {levels, visitorAt} from './levels.mjs';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, Gallery, mark, newVisitor, openPage, testSite,
} from './support.mjs';
import {randomNumbers} from './random.mjs';

const seed = Number(process.env.STUBE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const actions = Number(process.env.STUBE_ACTIONS ?? 30);

/// A TCP proxy in front of the server that delivers the bytes for the browser late: those of streams, or all others.
/// The bytes of a connection stay in order.
async function lateProxyTo(t, gallery) {
    const delays = {stream: 0, response: 0}; // in milliseconds
    const proxy = createServer(browser => {
        const server = connect(gallery.port, '127.0.0.1');
        let kind = 'response';
        let delivered = Promise.resolve();
        browser.on('data', bytes => {
            if (bytes.includes('GET /stube/stream/')) kind = 'stream';
            server.write(bytes);
        });
        server.on('data', bytes => {
            const due = new Promise(resolve => setTimeout(resolve, delays[kind]));
            delivered = Promise.all([delivered, due]).then(() => browser.writable && browser.write(bytes));
        });
        const end = () => {
            browser.destroy();
            server.destroy();
        };
        for (const side of [browser, server]) side.on('error', end).on('close', end);
    });
    await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    return {delays, url: at => `http://127.0.0.1:${proxy.address().port}${at}`};
}

/// Two tabs of one conversation at "/numbers".
async function openTabs(t) {
    const gallery = await Gallery.started(t, testSite);
    const proxy = await lateProxyTo(t, gallery);
    const visitor = await newVisitor(t);
    const first = await openPage(visitor, proxy.url('/numbers'));
    await first.waitForURL(/[?&]c=/);
    const tabs = [first, await openPage(visitor, first.url())];
    for (const tab of tabs) {
        await mark(tab);
        await watch(tab);
    }
    const id = new URL(first.url()).searchParams.get('c').split('.')[0];
    const reader = await (await visitorAt(t, levels[0])).newPage();
    const stored = async () => {
        const response = await visitor.request.get(gallery.url(`/numbers?c=${id}`));
        await reader.setContent(await response.text());
        return shown(reader);
    };
    return {delays: proxy.delays, tabs, stored};
}

const shown = page => page.evaluate(() => ({
    changes: Number(document.getElementById('changes').textContent),
    items: [...document.querySelectorAll('#numbers li')].map(item => `${item.textContent} `).join(''),
    text: document.getElementById('text').textContent,
}));

/// Records in `window.contradictions` each state of the page that the server never had.
const watch = page => page.evaluate(() => {
    const text = id => document.getElementById(id).textContent;
    let last = 0;
    window.contradictions = [];
    new MutationObserver(() => {
        const changes = Number(text('changes'));
        const items = [...document.querySelectorAll('#numbers li')].map(item => `${item.textContent} `).join('');
        if (items !== text('text')) window.contradictions.push(`at ${changes}: ${items} but ${text('text')}`);
        if (changes < last) window.contradictions.push(`${last} before ${changes}`);
        last = changes;
    }).observe(document.getElementById('stube-view'), {subtree: true, childList: true, characterData: true});
});

async function assertConsistent({tabs, stored}) {
    for (const tab of tabs) {
        await eventually(async () => {
            const before = await shown(tab);
            const now = await stored();
            assert.equal(before.items, before.text);
            assert.ok(now.changes - before.changes < 10, `the page shows change ${before.changes} of ${now.changes}`);
        });
        assert.deepEqual(await tab.evaluate(() => window.contradictions), []);
        await assertNotReloaded(tab);
    }
}

const buttons = ['Add', 'Add', 'Remove', 'Reverse', 'Nothing', 'Fail'];

test(`${actions} actions in two tabs while each connection in turn is late`, async t => {
    console.log(`STUBE_SEED=${seed} STUBE_ACTIONS=${actions}`);
    const opened = await openTabs(t);
    const {delays, tabs} = opened;
    const random = randomNumbers(seed);
    const lateness = [['stream', 400], ['response', 400], ['stream', 900], ['response', 900], ['stream', 3000], ['response', 3000]];
    const perTurn = 5;
    for (let done = 0; done < actions; done += perTurn) {
        const [late, milliseconds] = lateness[(done / perTurn) % lateness.length];
        delays.stream = delays.response = 0;
        delays[late] = milliseconds;
        for (let act = 0; act < perTurn; ++act) {
            await button(tabs[random(2)], buttons[random(buttons.length)]).click();
            await tabs[0].waitForTimeout(random(300));
        }
        delays.stream = delays.response = 0;
        await assertConsistent(opened).catch(error => {
            error.message += `\nSTUBE_SEED=${seed}, act ${done}: ${late} late by ${milliseconds} ms`;
            throw error;
        });
    }
    for (const tab of tabs) assertFlawless(tab);
});

// ---- one late response ------------------------------------------------------------------------------

/// Two tabs at "/counter". The response to the next event of the first one is held back until `release` is called.
async function counterWithLateResponse(t) {
    const gallery = await Gallery.started(t);
    const visitor = await newVisitor(t);
    const late = await openPage(visitor, gallery.url('/counter'));
    await late.waitForURL(/[?&]c=/);
    const other = await openPage(visitor, late.url());
    await button(other, '+').click();
    await shows(late, 1); // so its stream is open
    let release;
    const held = new Promise(resolve => { release = resolve; });
    await late.route('**/stube/event/**', async route => {
        const response = await route.fetch();
        await held;
        await route.fulfill({response}).catch(() => {}); // the page may have been closed
    });
    let opened = 0;
    late.on('request', request => { opened += request.url().includes('/stube/stream/'); });
    return {late, other, release, openedStreams: () => opened};
}

const shows = (page, number) =>
    eventually(async () => assert.equal(await page.locator('output').textContent(), String(number)));

test('a change by another tab waits for the response to the earlier event of this page', async t => {
    const {late, other, release, openedStreams} = await counterWithLateResponse(t);
    await button(late, '+').click();
    await shows(other, 2);
    await button(other, '+').click();
    await shows(other, 3);
    await aMoment();
    await shows(late, 1);
    release();
    await shows(late, 3);
    assert.equal(openedStreams(), 0);
    assertFlawless(late);
});

test('a page whose response is late for long gets the whole view by another stream', async t => {
    const {late, other, release, openedStreams} = await counterWithLateResponse(t);
    await button(late, '+').click();
    await shows(other, 2);
    await button(other, '+').click();
    await shows(late, 3);
    assert.equal(openedStreams(), 1);
    const answered = late.waitForResponse('**/stube/event/**');
    release();
    await answered;
    await aMoment();
    await shows(late, 3);
    await late.unroute('**/stube/event/**');
    await button(late, '+').click();
    await shows(late, 4);
    await shows(other, 4);
    assertFlawless(late);
});
