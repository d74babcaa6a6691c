import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
    aMoment, assertFlawless, assertNotReloaded, button, eventually, mark, newVisitor, openPage, serverAway, visit,
} from './support.mjs';

const shows = (page, number) =>
    eventually(async () => assert.equal(await page.locator('output').textContent(), String(number)));

const staysAt = async (page, number) => {
    await shows(page, number);
    await aMoment();
    await shows(page, number);
};

/// Clicks within the page's event loop, faster than a person or a driver.
const clickFast = (page, name, times) =>
    button(page, name).evaluate((element, times) => { for (let i = 0; i < times; ++i) element.click(); }, times);

test('the counter counts up and down', async t => {
    const {page} = await visit(t, '/counter');
    await shows(page, 0);
    await button(page, '+').click();
    await button(page, '+').click();
    await button(page, '+').click();
    await button(page, '−').click();
    await shows(page, 2);
    assertFlawless(page);
});

test('20 fast clicks count as 20', async t => {
    const {page} = await visit(t, '/counter');
    await clickFast(page, '+', 20);
    await staysAt(page, 20);
    for (let i = 0; i < 20; ++i) await button(page, '−').click({noWaitAfter: true});
    await staysAt(page, 0);
    assertFlawless(page);
});

test('queued clicks of a button that has been removed still count', async t => {
    const {page} = await visit(t, '/counter');
    await button(page, '+').evaluate(element => {
        for (let i = 0; i < 5; ++i) element.click();
        element.remove(); // as a patch would do; the next patch inserts it again
    });
    await staysAt(page, 5);
    assertFlawless(page);
});

test('the counter continues without a reload after kill -9 and restart', async t => {
    const {gallery, page} = await visit(t, '/counter');
    await mark(page);
    await button(page, '+').click();
    await shows(page, 1);
    await gallery.restart();
    await button(page, '+').click();
    await shows(page, 2);
    await gallery.restart();
    await button(page, '+').click();
    await staysAt(page, 3);
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('clicks made while the server is down take effect once and in order after its restart', async t => {
    const {gallery, page} = await visit(t, '/counter');
    await mark(page);
    await button(page, '+').click();
    await shows(page, 1);

    await gallery.kill();
    await button(page, '+').click();
    const status = page.getByRole('status').filter({hasText: 'Connection lost'});
    await status.filter({hasText: 'Your last action is kept and will be sent.'}).waitFor();
    await clickFast(page, '+', 3);
    await shows(page, 1);
    await gallery.start();

    await staysAt(page, 5);
    await status.waitFor({state: 'hidden'});
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('fast clicks count exactly when the server is killed among them', async t => {
    const {gallery, page} = await visit(t, '/counter');
    for (let round = 1; round <= 5; ++round) {
        await clickFast(page, '+', 20);
        await new Promise(resolve => setTimeout(resolve, 7 * round)); // within the twenty clicks
        await gallery.restart();
        await shows(page, 20 * round);
    }
    await staysAt(page, 100);
    assertFlawless(page, serverAway);
});

test('leaving the page asks for confirmation only while an action is pending', async t => {
    const {gallery, page} = await visit(t, '/counter');
    const warnings = [];
    page.on('dialog', async dialog => {
        warnings.push(dialog.type());
        await dialog.dismiss();
    });
    await button(page, '+').click();
    await shows(page, 1);
    await page.reload();
    await shows(page, 1);
    assert.deepEqual(warnings, []);

    await gallery.kill();
    await button(page, '+').click();
    await page.getByText('Your last action is kept').waitFor();
    await page.evaluate(() => { location.href = 'about:blank'; });
    await eventually(() => assert.deepEqual(warnings, ['beforeunload']));
    await gallery.start();
    await shows(page, 2);
    await page.reload();
    await shows(page, 2);
    assert.deepEqual(warnings, ['beforeunload']);
});

test('the address resumes the conversation for its owner only', async t => {
    const {gallery, visitor, page} = await visit(t, '/counter');
    await button(page, '+').click();
    await shows(page, 1);
    await page.waitForURL(/[?&]c=[^&]{8,}/);
    const bookmark = page.url();

    await page.reload();
    await shows(page, 1);
    assert.equal(page.url(), bookmark);

    await gallery.restart();
    const tab = await openPage(visitor, bookmark);
    await shows(tab, 1);
    assert.equal(tab.url(), bookmark);

    const stranger = await openPage(await newVisitor(t), bookmark);
    await shows(stranger, 0);
    assert.notEqual(new URL(stranger.url()).searchParams.get('c'), new URL(bookmark).searchParams.get('c'));
    await button(stranger, '−').click();
    await shows(stranger, -1);
    await shows(page, 1);
    assertFlawless(stranger);
});

test('a page that Back returns to is up to date', async t => {
    const {visitor, page} = await visit(t, '/counter');
    await button(page, '+').click();
    await shows(page, 1);
    const bookmark = page.url();
    await page.goto('about:blank');

    const other = await openPage(visitor, bookmark);
    await button(other, '+').click();
    await shows(other, 2);
    await page.goBack();
    await shows(page, 2);
    await button(page, '+').click();
    await shows(page, 3);
    await shows(other, 3);
    assertFlawless(other);
});
