// Text, ticks and opened details of the user survive changes of the server, on a page of the test site
// (behaviors_site.cpp).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, heading, mark, openPage, serverAway,
    testSite, visit,
} from './support.mjs';

const note = page => page.getByLabel('Note');
const counted = (page, text) => page.locator('output').filter({hasText: text}).waitFor();
const saved = (page, text) => page.getByRole('status').filter({hasText: `Saved: ${text}`}).waitFor();
const isTicked = (page, name, wanted) =>
    eventually(async () => assert.equal(await page.getByLabel(name).isChecked(), wanted));

/// Two tabs of one conversation, the second with its scripts held back until `releaseScripts`.
async function twoTabs(t) {
    const {gallery, visitor, page: first} = await visit(t, '/desk', testSite);
    await first.waitForURL(/[?&]c=/);
    let releaseScripts;
    const scripts = new Promise(done => { releaseScripts = done; });
    const second = await openPage(visitor);
    await second.route('**/stube/assets/*.js', async route => {
        await scripts;
        await route.fallback();
    });
    await second.goto(first.url(), {waitUntil: 'commit'});
    return {gallery, first, second, releaseScripts};
}

test('text typed before the scripts have run survives an event of another tab and is saved', async t => {
    const {first, second, releaseScripts} = await twoTabs(t);
    await note(second).fill('early');
    releaseScripts();
    await second.waitForFunction(() => document.readyState === 'complete');
    await button(first, 'Count').click();
    await counted(second, '1 counted');
    assert.equal(await note(second).inputValue(), 'early');
    await button(second, 'Save').click();
    await saved(second, 'early');
    await saved(first, 'early');
    assert.equal(await note(first).inputValue(), 'early');
    for (const page of [first, second]) assertFlawless(page);
});

test('a page that Back returns to shows newer stored values and restores unsent text', async t => {
    const {first, second, releaseScripts} = await twoTabs(t);
    releaseScripts();
    await note(second).fill('old');
    await button(second, 'Save').click();
    await saved(second, 'old');
    await second.getByLabel('Lamp').click();
    await isTicked(first, 'Lamp', true);
    await second.getByLabel('Secret').fill('hush');
    await second.waitForTimeout(1500); // Chromium records the state of controls at intervals
    await second.goto('data:text/html,<p>elsewhere');
    await first.getByLabel('Lamp').click();
    await note(first).fill('new');
    await button(first, 'Save').click();
    await saved(first, 'new');
    await isTicked(first, 'Lamp', false);
    await second.goBack();
    await saved(second, 'new');
    await eventually(async () => assert.equal(await note(second).inputValue(), 'new'));
    await isTicked(second, 'Lamp', false);
    const written = await second.evaluate(() => JSON.stringify(sessionStorage));
    for (const text of ['hush', 'old', 'new']) assert.ok(!written.includes(text), 'sent text and passwords are not in sessionStorage');
    await note(second).fill('not sent');
    await second.waitForTimeout(1500);
    await second.goto('data:text/html,<p>elsewhere');
    await second.goBack();
    await counted(second, '0 counted');
    await eventually(async () => assert.equal(await note(second).inputValue(), 'not sent'));
    await button(first, 'Count').click();
    await counted(second, '1 counted');
    assert.equal(await note(second).inputValue(), 'not sent');
    await button(second, 'Save').click();
    await saved(first, 'not sent');
});

test('a tick shows the stored value after a refusal or a reset or a change in another tab', async t => {
    const {first, second, releaseScripts} = await twoTabs(t);
    releaseScripts();
    await first.getByLabel('Alarm').click();
    await isTicked(first, 'Alarm', false);
    await first.getByLabel('Lamp').click();
    await isTicked(second, 'Lamp', true);
    await second.getByLabel('Lamp').click();
    await isTicked(first, 'Lamp', false);
    await first.getByLabel('Lamp').click();
    await isTicked(second, 'Lamp', true);
    await button(first, 'Lamp off').click();
    await isTicked(first, 'Lamp', false);
    await isTicked(second, 'Lamp', false);
    for (const page of [first, second]) assertFlawless(page);
});

test('details send an event when the user toggles them but not when the server does', async t => {
    const {page} = await visit(t, '/desk', testSite);
    await button(page, 'Open more').click();
    await page.getByText('Text', {exact: true}).waitFor();
    await aMoment();
    await counted(page, '0 toggled');
    await page.getByText('More', {exact: true}).click();
    await counted(page, '1 toggled');
    await aMoment();
    await counted(page, '1 toggled');
    assert.equal(await page.locator('details').evaluate(({open}) => open), false);
    await button(page, 'Count').click();
    await counted(page, '1 counted');
    assert.equal(await page.locator('details').evaluate(({open}) => open), false);
    assertFlawless(page);
});

test('a click is not lost when another tab replaces the button between press and release', async t => {
    const {first, second, releaseScripts} = await twoTabs(t);
    releaseScripts();
    await second.waitForFunction(() => document.readyState === 'complete');
    const {x, y} = await button(second, 'Count').boundingBox();
    await second.mouse.move(x + 5, y + 5);
    await second.mouse.down();
    await button(first, 'Count').click(); // moves the button into another element
    await counted(first, '1 counted');
    await second.waitForTimeout(300); // the stream has delivered the patch, and the patch waits
    await second.mouse.up();
    await counted(second, '2 counted');
    await counted(first, '2 counted');
    for (const page of [first, second]) assertFlawless(page);
});

/// The unsent texts beside the last view, to be copied.
const unsent = page => page.locator('#stube-unsent textarea').evaluateAll(all => all.map(area =>
    ({name: area.labels[0].firstChild.textContent, text: area.value, isReadOnly: area.readOnly})));

test('text typed while another tab ends the conversation can be copied but a password cannot', async t => {
    const {first, second, releaseScripts} = await twoTabs(t);
    releaseScripts();
    await second.waitForFunction(() => document.readyState === 'complete');
    await note(second).fill('half a\nnote');
    await second.getByLabel('Secret').fill('hush');
    await button(first, 'Finish').click();
    await heading(second, 'Finished').waitFor();
    await eventually(async () =>
        assert.deepEqual(await unsent(second), [{name: 'Note', text: 'half a\nnote', isReadOnly: true}]));
    await heading(first, 'Finished').waitFor();
    assert.deepEqual(await unsent(first), []);
    for (const page of [first, second]) assertFlawless(page);
});

test('text typed before the server loses the conversation can be copied', async t => {
    const {gallery, page} = await visit(t, '/desk', testSite); // the site does not store conversations
    await mark(page);
    await note(page).fill('half a note');
    await gallery.restart();
    await eventually(async () => assert.deepEqual((await unsent(page)).map(({text}) => text), ['half a note']));
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('text sent with the event that ends the conversation is not shown as unsent', async t => {
    const {page} = await visit(t, '/desk', testSite);
    await note(page).fill('sent');
    await button(page, 'Finish').click();
    await heading(page, 'Finished').waitFor();
    await aMoment();
    assert.deepEqual(await unsent(page), []);
    assertFlawless(page);
});

test('a tab that was never visible opens no stream and is up to date once it is visible', async t => {
    const {gallery, page: first} = await visit(t, '/desk', testSite);
    await first.waitForURL(/[?&]c=/);
    const visitor = first.context();
    const tabs = [];
    for (let tab = 0; tab < 8; ++tab) { // more than a browser opens connections to a server
        const page = await openPage(visitor);
        page.streams = 0;
        page.on('request', request => { page.streams += request.url().includes('/stube/stream/'); });
        await page.addInitScript(() => {
            let hidden = true;
            Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
            window.look = () => {
                hidden = false;
                document.dispatchEvent(new Event('visibilitychange'));
            };
        });
        await page.goto(tab === 0 ? first.url() : gallery.url('/desk'));
        tabs.push(page);
    }
    await button(first, 'Count').click();
    await counted(first, '1 counted');
    assert.deepEqual(tabs.map(page => page.streams), tabs.map(() => 0));
    await counted(tabs[0], '0 counted');
    await tabs[0].evaluate(() => window.look());
    await counted(tabs[0], '1 counted');
    assert.equal(tabs[0].streams, 1);
    await button(first, 'Count').click();
    await counted(tabs[0], '2 counted');
    await button(tabs[1], 'Count').click(); // without a stream, the response contains the patches
    await counted(tabs[1], '1 counted');
    for (const page of tabs) assertFlawless(page);
});

test('a lost connection logs no error of the page', async t => {
    const {gallery, page} = await visit(t, '/desk', testSite);
    await button(page, 'Count').click();
    await counted(page, '1 counted');
    await gallery.kill();
    await page.getByText('Connection lost').waitFor();
    assertFlawless(page, serverAway);
});

test('a page works without its script when the script cannot be fetched', async t => {
    const {gallery, visitor} = await visit(t, '/desk', testSite);
    const page = await openPage(visitor);
    await page.route('**/stube/assets/*.js', route => route.abort());
    await page.goto(gallery.url('/desk'));
    await note(page).fill('without');
    await button(page, 'Save').click();
    await saved(page, 'without');
    await button(page, 'Count').click();
    await counted(page, '1 counted');
    assert.equal(await note(page).inputValue(), 'without');
    assertFlawless(page, serverAway);
});
