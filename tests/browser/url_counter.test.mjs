import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, newVisitor, openPage, serverAway, visit} from './support.mjs';

const query = (page, name) => new URL(page.url()).searchParams.get(name);

const shows = (page, number) => eventually(async () => {
    assert.equal(await page.locator('output').textContent(), String(number));
    assert.equal(query(page, 'n'), String(number));
});

test('the number is in the address and Back and Forward walk through the numbers', async t => {
    const {gallery, page} = await visit(t, '/url-counter?n=5');
    await shows(page, 5);
    await button(page, '+').click();
    await shows(page, 6);
    await button(page, '+').click();
    await shows(page, 7);

    await page.goBack();
    await shows(page, 6);
    await page.reload();
    await shows(page, 6);
    await page.goBack();
    await shows(page, 5);
    await gallery.restart();
    await page.goForward();
    await shows(page, 6);
    await page.goForward();
    await shows(page, 7);
    await page.goBack();
    await shows(page, 6);
    await button(page, '−').click();
    await shows(page, 5);
    await page.goBack();
    await shows(page, 6);
    assertFlawless(page, serverAway);
});

test('each of two fast clicks is a step', async t => {
    const {page} = await visit(t, '/url-counter');
    await button(page, '+').dblclick();
    await shows(page, 2);
    await page.goBack();
    await shows(page, 1);
    assertFlawless(page);
});

test('a shared address begins a new conversation with its number', async t => {
    const {page} = await visit(t, '/url-counter');
    await button(page, '+').click();
    await shows(page, 1);

    const friend = await openPage(await newVisitor(t), page.url());
    await shows(friend, 1);
    assert.notEqual(query(friend, 'c'), query(page, 'c'));
    await button(friend, '+').click();
    await shows(friend, 2);
    await page.reload();
    await shows(page, 1);
    assertFlawless(page);
    assertFlawless(friend);
});
