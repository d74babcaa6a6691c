// Failures of the network between the page and a running server.
import assert from 'node:assert/strict';
import {connect, createServer} from 'node:net';
import {test} from 'node:test';
import {ada, book} from './booking.mjs';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, Gallery, heading, mark, newVisitor,
    newVisitorWithBrowser, openPage, serverAway, testSite, visit,
} from './support.mjs';
import {addWithEnter, things} from './todo.mjs';

const events = '**/stube/event/**';
const streams = '**/stube/stream/**';
const news = '**/stube/news/**';

const setHidden = (page, hidden) => page.evaluate(hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}, hidden);

/// A TCP proxy in front of the server that can silence streams: their connections stay open and deliver nothing more.
async function proxyTo(t, gallery) {
    const open = new Set();
    const proxy = createServer(browser => {
        const tunnel = {server: connect(gallery.port, '127.0.0.1'), isStream: false, isDead: false};
        open.add(tunnel);
        const end = () => {
            open.delete(tunnel);
            browser.destroy();
            tunnel.server.destroy();
        };
        browser.on('data', bytes => {
            tunnel.isStream ||= bytes.includes('GET /stube/stream/');
            if (!tunnel.isDead) tunnel.server.write(bytes);
        });
        tunnel.server.on('data', bytes => tunnel.isDead || browser.write(bytes));
        for (const side of [browser, tunnel.server]) side.on('error', end).on('close', end);
    });
    await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => proxy.close());
    return {
        url: at => `http://127.0.0.1:${proxy.address().port}${at}`,
        silenceStreams: () => {
            for (const tunnel of open) tunnel.isDead ||= tunnel.isStream;
        },
    };
}

const shows = (page, number) =>
    eventually(async () => assert.equal(await page.locator('output').textContent(), String(number)));

const staysAt = async (page, number) => {
    await shows(page, number);
    await aMoment();
    await shows(page, number);
};

/// Applies `faults` to the first events, one fault to each, and lets the others pass. Each event appends its id to the
/// returned list.
async function injectFaults(page, faults) {
    const ids = [];
    await page.route(events, async route => {
        ids.push(route.request().headers()['stube-event-id']);
        const fault = faults.shift();
        await (fault ? fault(route) : route.continue());
    });
    return ids;
}

const loseResponse = async route => {
    await route.fetch();
    await route.abort('connectionreset');
};
const gatewayError = /status of 50\d/;
const loseRequest = route => route.abort('connectionreset');
const gatewayResponds = status => route =>
    route.fulfill({status, contentType: 'text/html', body: '<html><body><h1>Bad Gateway</h1></body></html>'});

test('an event whose response is lost is sent again with the same id and counts once', async t => {
    const {page} = await visit(t, '/counter');
    const ids = await injectFaults(page, [loseResponse, loseResponse, loseRequest]);
    await button(page, '+').click();
    await shows(page, 1);
    await eventually(() => assert.equal(ids.length, 4));
    await staysAt(page, 1);
    assert.match(ids[0], /^[0-9a-f]{10}000001$/);
    assert.equal(new Set(ids).size, 1);
    await button(page, '+').click();
    await staysAt(page, 2);
    assert.equal(ids.at(-1), `${ids[0].slice(0, 10)}000002`);
    assertFlawless(page, serverAway, gatewayError);
});

test('an event whose response is lost counts once after many events of another tab', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await page.waitForURL(/[?&]c=/);
    const other = await openPage(visitor, page.url());
    let isCutOff = true;
    const sent = [];
    await page.route(events, async route => {
        sent.push(route.request().headers()['stube-event-id']);
        if (!isCutOff) return route.continue();
        return sent.length === 1 ? loseResponse(route) : loseRequest(route);
    });
    await button(page, '+').click();
    await shows(other, 1);
    for (let click = 0; click < 20; ++click) await button(other, '+').click();
    await shows(other, 21);
    isCutOff = false;
    await page.getByText('Your last action is kept').waitFor({state: 'detached'});
    await staysAt(page, 21);
    await staysAt(other, 21);
    assert.ok(sent.length > 1);
    assert.equal(new Set(sent).size, 1);
    await button(page, '+').click();
    await staysAt(page, 22);
    assertFlawless(page, serverAway, gatewayError);
});

test('a booking succeeds although every second response is lost', async t => {
    const {page} = await visit(t, '/booking');
    await injectFaults(page, [loseResponse, null, loseResponse, null, loseResponse, null, loseResponse]);
    await book(page, ada);
    assertFlawless(page, serverAway, gatewayError);
});

test('an event is sent again after a gateway error', async t => {
    const {page} = await visit(t, '/counter');
    const ids = await injectFaults(page, [gatewayResponds(502), gatewayResponds(503), gatewayResponds(504)]);
    await button(page, '+').click();
    await page.getByText('Your last action is kept').waitFor();
    await staysAt(page, 1);
    assert.equal(new Set(ids).size, 1);
    await page.getByText('Connection lost').waitFor({state: 'detached'});
    assertFlawless(page, serverAway, gatewayError);
});

test('an event made offline is sent when the browser is online again', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await visitor.setOffline(true);
    await button(page, '+').click();
    await button(page, '+').click();
    await page.getByText('Your last action is kept').waitFor();
    await visitor.setOffline(false);
    await staysAt(page, 2);
    assertFlawless(page, serverAway);
});

test('an error of the application is shown until the next event succeeds', async t => {
    const {page} = await visit(t, '/counter');
    const text = 'Something went wrong; nothing was changed.';
    const serverError = route => route.fulfill({
        status: 500, contentType: 'text/html',
        body: `<hx-partial hx-target="#stube-notice" hx-swap="innerHTML"><p role="alert">${text}</p></hx-partial>`,
    });
    const ids = await injectFaults(page, [serverError]);
    await button(page, '+').click();
    await page.getByRole('alert').filter({hasText: text}).waitFor();
    await button(page, '+').click();
    await page.getByRole('alert').waitFor({state: 'detached'});
    await staysAt(page, 1);
    assert.equal(new Set(ids).size, 2, 'an event with a response is not sent again');
    assertFlawless(page, serverAway, gatewayError);
});

test('a refusal by a proxy is shown', async t => {
    const {page} = await visit(t, '/counter');
    await injectFaults(page, [gatewayResponds(413)]);
    await button(page, '+').click();
    await page.getByText('the server answered 413').waitFor();
    await button(page, '+').click();
    await page.getByText('the server answered 413').waitFor({state: 'detached'});
    await shows(page, 1);
});

// Such responses come from a proxy's login page and from a hotel's network.
for (const [what, foreign] of Object.entries({
    'a page of another server': {contentType: 'text/html', body: '<title>Sign in</title><h1>Sign in</h1>'},
    'an empty page': {contentType: 'text/html', body: ''},
    'a redirect': {status: 302, headers: {location: '/'}, body: ''},
    'a redirect to another server': {status: 302, headers: {location: 'http://127.0.0.1:9/login'}, body: ''},
})) {
    test(`an event fails if its response is ${what}`, async t => {
        const {page} = await visit(t, '/counter');
        const title = await page.title();
        const ids = await injectFaults(page, [gatewayResponds(413), route => route.fulfill(foreign)]);
        await button(page, '+').click();
        await page.getByText('the server answered 413').waitFor();
        await button(page, '+').click();
        await page.getByText('This did not work: something other than the server of this page').waitFor();
        await page.getByText('Please reload the page.').waitFor();
        await staysAt(page, 0);
        assert.equal(await page.title(), title);
        assert.equal(ids.length, 2);
        await button(page, '+').click();
        await page.getByText('This did not work').waitFor({state: 'detached'});
        await staysAt(page, 1);
        assertFlawless(page, /status of 413/);
    });
}

test('a page works when its scripts arrive slowly', async t => {
    const gallery = await Gallery.started(t);
    const page = await openPage(await newVisitor(t));
    for (const [name, delay] of [['htmx', 0], ['hx-sse', 300], ['stube', 600]]) {
        await page.route(`**/${name}.*js`, async route => {
            await new Promise(resolve => setTimeout(resolve, delay));
            await route.continue();
        });
    }
    const stream = page.waitForRequest('**/stube/stream/**');
    await page.goto(gallery.url('/counter'));
    await stream;
    await button(page, '+').click();
    await staysAt(page, 1);
    assertFlawless(page);
});

test('a stream is opened after two refused attempts', async t => {
    const gallery = await Gallery.started(t);
    const visitor = await newVisitor(t);
    const page = await openPage(visitor);
    let refused = 0;
    await page.route('**/stube/stream/**', route => ++refused <= 2 ? route.abort('connectionrefused') : route.continue());
    await page.goto(gallery.url('/counter'));
    await button(page, '+').click();
    await shows(page, 1);
    await eventually(() => assert.equal(refused, 3));
    await page.waitForURL(/[?&]c=/);
    const other = await openPage(visitor, page.url());
    await button(other, '+').click();
    await shows(page, 2); // delivered by the stream
    assertFlawless(page, serverAway);
});

test('a lost connection is shown on a page without pending events', async t => {
    const {gallery, page} = await visit(t, '/counter');
    await button(page, '+').click();
    await shows(page, 1);
    await gallery.kill();
    await page.getByText('Connection lost. Trying to reconnect.').waitFor();
    await gallery.start();
    await page.getByText('Connection lost').waitFor({state: 'detached'});
    await shows(page, 1);
    assertFlawless(page, serverAway);
});

test('a page restored from the back/forward cache catches up', async t => {
    const gallery = await Gallery.started(t);
    const visitor = await newVisitorWithBrowser(t, {ignoreDefaultArgs: ['--disable-back-forward-cache']});
    const page = await openPage(visitor, gallery.url('/counter'));
    await button(page, '+').click();
    await shows(page, 1);
    const bookmark = page.url();
    await page.goto(gallery.url('/'));

    const other = await openPage(visitor, bookmark);
    await button(other, '+').click();
    await shows(other, 2);
    await page.goBack({waitUntil: 'commit'});
    await shows(page, 2);
    await button(page, '+').click();
    await staysAt(page, 3);
    await shows(other, 3);
    assertFlawless(page, serverAway);
});

test('a hidden tab closes its stream and catches up when it is visible again', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await button(page, '+').click();
    await shows(page, 1);
    await setHidden(page, true);
    const other = await openPage(visitor, page.url());
    await button(other, '+').click();
    await shows(other, 2);
    await setHidden(page, false);
    await shows(page, 2);
    assertFlawless(page);
});

test('a tab that was hidden when the conversation ended shows the end when it is visible again', async t => {
    const {visitor, page} = await visit(t, '/payment', testSite);
    await page.waitForURL(/[?&]c=/);
    await setHidden(page, true);
    const other = await openPage(visitor, page.url());
    await button(other, 'Pay').click();
    await heading(other, 'Paid').waitFor();
    await heading(page, 'Total').waitFor();
    await setHidden(page, false);
    await heading(page, 'Paid').waitFor();
    assertFlawless(page);
});

test('an event that ends the conversation shows the end when its response is lost', async t => {
    const {page} = await visit(t, '/payment', testSite);
    await page.waitForURL(/[?&]c=/);
    await setHidden(page, true); // no stream
    const ids = await injectFaults(page, [loseResponse]);
    await button(page, 'Pay').click();
    await heading(page, 'Paid').waitFor();
    assert.equal(ids.length, 2);
    assertFlawless(page, serverAway);
});

test('a tab without a stream is updated by the responses to its events', async t => {
    const {visitor, page} = await visit(t, '/todo');
    await addWithEnter(page, 'Milk');
    await things(page, 'Milk');
    const cut = await openPage(visitor);
    await cut.route(streams, route => route.abort());
    await cut.goto(page.url());
    await things(cut, 'Milk');

    await addWithEnter(cut, 'Bread');
    await things(cut, 'Milk', 'Bread');
    await things(page, 'Milk', 'Bread');
    await addWithEnter(page, 'Eggs');
    await things(page, 'Milk', 'Bread', 'Eggs');
    await addWithEnter(cut, 'Flour');
    await things(cut, 'Milk', 'Bread', 'Eggs', 'Flour');

    await cut.unroute(streams);
    await addWithEnter(page, 'Salt');
    await things(cut, 'Milk', 'Bread', 'Eggs', 'Flour', 'Salt');
    assertFlawless(page);
    assertFlawless(cut, serverAway);
});

test('a page with a held-back stream shows changes of other tabs and reports no lost connection', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await page.waitForURL(/[?&]c=/);
    const held = await openPage(visitor);
    await held.route(streams, () => {}); // no response
    await held.goto(page.url());
    await button(held, '+').click();
    await held.getByText('1', {exact: true}).waitFor();
    await button(page, '+').click();
    await held.getByText('2', {exact: true}).waitFor();
    assert.equal(await held.locator('#stube-status').textContent(), '');
    assertFlawless(held);
});

test('a response is not applied again after the stream has delivered the same revision', async t => {
    const {page} = await visit(t, '/todo');
    await page.waitForURL(/[?&]c=/);
    await addWithEnter(page, 'Milk');
    await things(page, 'Milk');
    await setHidden(page, true); // without a stream, the response contains the patches
    await injectFaults(page, [async route => {
        const response = await route.fetch();
        assert.match(await response.text(), /<hx-insert/);
        await setHidden(page, false);
        await things(page, 'Milk', 'Bread'); // the stream's whole view
        await page.getByRole('checkbox').last().evaluate(box => { box.mine = true; });
        await route.fulfill({response});
    }]);
    const answered = page.waitForResponse(events);
    await addWithEnter(page, 'Bread');
    await answered;
    await aMoment();
    await things(page, 'Milk', 'Bread');
    assert.equal(await page.getByRole('checkbox').last().evaluate(box => box.mine), true);
    assertFlawless(page);
});

test('a dead stream is reopened when a response shows that it has not delivered an update', async t => {
    const gallery = await Gallery.started(t);
    const proxy = await proxyTo(t, gallery);
    const visitor = await newVisitor(t);
    const page = await openPage(visitor, proxy.url('/counter'));
    await button(page, '+').click();
    await shows(page, 1);
    await mark(page);
    const other = await openPage(visitor, page.url());
    await shows(other, 1);
    proxy.silenceStreams();
    await button(other, '+').click();
    await shows(other, 2); // from the response
    await staysAt(page, 1);
    await button(page, '+').click();
    await shows(page, 3);
    await button(page, '+').click();
    await shows(page, 4);
    await assertNotReloaded(page);
    assertFlawless(page);
});

test('a page without events reopens a dead stream when heartbeats are missing', async t => {
    const gallery = await Gallery.started(t, testSite);
    const proxy = await proxyTo(t, gallery);
    const page = await openPage(await newVisitor(t), proxy.url('/alarm'));
    const ticks = async () => Number(await page.getByRole('timer').textContent());
    await eventually(async () => assert.ok(await ticks() > 1));
    await mark(page);
    proxy.silenceStreams();
    await aMoment();
    const before = await ticks();
    await eventually(async () => assert.ok(await ticks() > before + 2));
    await assertNotReloaded(page);
    assertFlawless(page);
});

test('a stream that delivers only heartbeats is left open', async t => {
    const {page} = await visit(t, '/payment', testSite);
    let opened = 0;
    page.on('request', request => { opened += request.url().includes('/stube/stream/'); });
    await page.waitForTimeout(5000);
    assert.equal(opened, 0, 'it was opened while the page was loaded, and not again');
    assertFlawless(page);
});

test('an event that changes nothing on the page leaves the stream open', async t => {
    const {page} = await visit(t, '/columns');
    let opened = 0;
    page.on('request', request => { opened += request.url().includes('/stube/stream/'); });
    const answer = page.waitForResponse('**/stube/event/**');
    await button(page, 'Move left Bread').click(); // it is the only column
    assert.equal((await answer).status(), 204);
    await page.waitForTimeout(3000); // longer than the page waits for the revision of the response
    assert.equal(opened, 0, 'the stream has delivered the revision');
    assertFlawless(page);
});

test('the oldest page loses its stream when a conversation has too many pages and reconnects when used', async t => {
    const {visitor, page} = await visit(t, '/alarm', testSite);
    const ticks = async page => Number(await page.getByRole('timer').textContent());
    const isTicking = async page => {
        const before = await ticks(page);
        await eventually(async () => assert.ok(await ticks(page) > before + 1));
    };
    const isDisplaced = page => page.getByText('Shown in too many places at once.').waitFor();
    await isTicking(page);
    const second = await openPage(visitor, page.url());
    await isTicking(second);
    const third = await openPage(visitor, page.url());
    await isDisplaced(page);
    for (let times = 0; times < 2; ++times) {
        await isTicking(second);
        await isTicking(third);
    }
    await isDisplaced(page);
    await button(page, 'Click').click();
    await page.getByText('Clicked 1').waitFor();
    await page.getByText('Shown in too many places at once.').waitFor({state: 'detached'});
    await isTicking(page);
    await isDisplaced(second);
    assertFlawless(page);
});

const signIn = {contentType: 'text/html', body: '<title>Sign in</title><h1>Sign in</h1>'};

test('a stream is retried with backoff while another server answers in its place', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await button(page, '+').click();
    await shows(page, 1);
    let asked = 0;
    await page.route(streams, route => {
        ++asked;
        return route.fulfill(signIn);
    });
    await page.route(news, route => route.fulfill(signIn));
    await setHidden(page, true);
    await setHidden(page, false);
    await page.getByText('Connection lost. Trying to reconnect.').waitFor();
    await page.waitForTimeout(5000);
    assert.ok(asked > 2 && asked < 8, `it was asked for ${asked} times`);
    await page.getByText('Connection lost. Trying to reconnect.').waitFor();
    await page.unroute(streams);
    await page.unroute(news);
    await page.getByText('Connection lost').waitFor({state: 'detached'});
    const other = await openPage(visitor, page.url());
    await button(other, '+').click();
    await shows(page, 2);
    assertFlawless(page);
});
