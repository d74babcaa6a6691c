// The tests for each proxy. `setUp(t, standup)` starts the proxy and returns the address that browsers use.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {
    assertFlawless, assertNotReloaded, button, eventually, mark, openPage, serverAway,
} from '../browser/support.mjs';
import {Standup, visitorOf} from './support.mjs';

const gatewayError = /status (of )?50\d/;

const items = page => page.getByRole('listitem');

async function add(page, text) {
    await page.getByLabel('What are you working on?').fill(text);
    await button(page, 'Add').click();
}

const shows = (page, ...texts) => eventually(async () =>
    assert.deepEqual((await items(page).allTextContents()).map(text => text.replace(/ (Not done|Done).*$/, '')), texts));

/// A page that counts the requests for its stream.
async function openBoard(visitor, address) {
    const page = await openPage(visitor);
    page.streams = 0;
    page.on('request', request => { if (request.url().includes('/stube/stream/')) ++page.streams; });
    await page.goto(address);
    await page.waitForURL(/[?&]c=/);
    await eventually(() => assert.equal(page.streams, 1));
    return page;
}

// Two tests run at a time, because the first one mostly waits.
export const proxyCases = (name, setUp) => describe(name, {concurrency: 2}, () => {
    test('an idle stream survives the timeouts of the proxy', async t => {
        const standup = await Standup.started(t);
        const visitor = await visitorOf(t);
        const page = await openBoard(visitor, await setUp(t, standup));
        const other = await openBoard(visitor, page.url());
        await new Promise(resolve => setTimeout(resolve, 70_000)); // nginx closes a connection after 60 s of silence
        await add(page, 'still here');
        await shows(other, 'still here');
        assert.deepEqual([page.streams, other.streams], [1, 1], 'neither stream was opened again');
        assertFlawless(page);
    });

    test('pages and events and streams pass the proxy', async t => {
        const standup = await Standup.started(t);
        const address = await setUp(t, standup);
        const visitor = await visitorOf(t);
        const page = await openBoard(visitor, address);
        const other = await openBoard(visitor, page.url());
        await add(page, 'the release');
        await shows(page, 'the release');
        await shows(other, 'the release'); // delivered by the stream
        await items(other).getByRole('button', {name: 'Done', exact: true}).click();
        await items(page).getByRole('button', {name: 'Not done'}).waitFor();

        const cookie = (await visitor.cookies()).find(each => each.name === '__Host-stube_session');
        assert.ok(cookie.secure && cookie.httpOnly);
        assert.equal(cookie.sameSite, 'Lax');
        const protocol = await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
        assert.equal(protocol, 'h2');
        for (const closed of ['healthz', 'readyz', 'metrics']) {
            assert.equal((await visitor.request.get(address + closed)).status(), 404, closed);
        }
        assertFlawless(page);
    });

    test('more tabs stay up to date than a browser has connections over HTTP/1.1', async t => {
        const standup = await Standup.started(t);
        const visitor = await visitorOf(t);
        const first = await openBoard(visitor, await setUp(t, standup));
        const tabs = [first];
        while (tabs.length < 10) tabs.push(await openBoard(visitor, first.url()));
        await add(first, 'one for all');
        for (const tab of tabs) await shows(tab, 'one for all');
    });

    test('an event from another site is refused', async t => {
        const standup = await Standup.started(t);
        const address = await setUp(t, standup);
        const visitor = await visitorOf(t);
        const page = await openBoard(visitor, address);
        const sent = page.waitForRequest('**/stube/event/**');
        await add(page, 'mine');
        const event = await sent;
        const headers = {
            'content-type': 'application/x-www-form-urlencoded', 'stube-event-id': '00000000000000aa',
        };
        const statusFrom = async origin =>
            (await visitor.request.post(event.url(), {headers: {...headers, origin}, data: event.postData()})).status();
        assert.equal(await statusFrom('https://elsewhere.example'), 403);
        assert.notEqual(await statusFrom(new URL(address).origin), 403, 'the proxy forwards the host name that the browser used');
    });

    test('a page continues after the program is killed and restarted', async t => {
        const standup = await Standup.started(t);
        const page = await openBoard(await visitorOf(t), await setUp(t, standup));
        await add(page, 'before');
        await shows(page, 'before');
        await mark(page);
        await standup.end('SIGKILL');
        await add(page, 'meanwhile');
        await page.getByText('Your last action is kept').waitFor();
        await standup.start();
        await shows(page, 'before', 'meanwhile');
        await add(page, 'after');
        await shows(page, 'before', 'meanwhile', 'after');
        await assertNotReloaded(page);
        assertFlawless(page, serverAway, gatewayError);
    });

    test('a page continues after the program is stopped as by systemd and restarted', async t => {
        const standup = await Standup.started(t);
        const page = await openBoard(await visitorOf(t), await setUp(t, standup));
        await add(page, 'before');
        await shows(page, 'before');
        await mark(page);
        assert.equal(await standup.end('SIGTERM'), 0);
        await standup.start();
        await add(page, 'after');
        await shows(page, 'before', 'after');
        await assertNotReloaded(page);
        assertFlawless(page, serverAway, gatewayError);
    });
});
