import assert from 'node:assert/strict';
import {test} from 'node:test';
import {aMoment, assertFlawless, button, eventually, newVisitor, openPage, serverAway, visit} from './support.mjs';

const shows = (page, number) =>
    eventually(async () => assert.equal(await page.locator('output').textContent(), String(number)));

test('two visitors raise one number across a restart', async t => {
    const {gallery, page} = await visit(t, '/shared-counter');
    const other = await openPage(await newVisitor(t), gallery.url('/shared-counter'));
    await shows(page, 0);
    await shows(other, 0);

    await button(page, '+').click();
    await shows(other, 1);
    await button(other, '+').dblclick();
    await shows(page, 3);
    await shows(other, 3);

    // Both at once, each as fast as its page allows.
    const clickFast = where => button(where, '+').evaluate(element => { for (let i = 0; i < 10; ++i) element.click(); });
    await Promise.all([clickFast(page), clickFast(other)]);
    await shows(page, 23);
    await shows(other, 23);

    await gallery.restart();
    await button(other, '+').click();
    await shows(page, 24);
    await shows(other, 24);
    await page.reload();
    await shows(page, 24);

    const newcomer = await openPage(await newVisitor(t), gallery.url('/shared-counter'));
    await shows(newcomer, 24);
    await button(newcomer, '+').click();
    await aMoment();
    for (const each of [page, other, newcomer]) {
        await shows(each, 25);
        assertFlawless(each, serverAway);
    }
});
