import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, assertNotReloaded, button, eventually, mark, serverAway, visit} from './support.mjs';

const counter = (page, name) => page.getByRole('group', {name, exact: true});
const plus = (page, name) => button(counter(page, name), '+');

const countersAre = (page, numbers) => eventually(async () => {
    for (const [name, number] of Object.entries(numbers)) {
        assert.equal(await counter(page, name).locator('output').textContent(), String(number), name);
    }
});

test('a click changes only its own counter across a reload and a restart', async t => {
    const {gallery, page} = await visit(t, '/multi-counter');
    await countersAre(page, {Adults: 0, Children: 2, Dogs: 0});
    await plus(page, 'Adults').click();
    await plus(page, 'Dogs').dblclick();
    await countersAre(page, {Adults: 1, Children: 2, Dogs: 2});

    await page.reload();
    await mark(page);
    await gallery.restart();
    await plus(page, 'Children').click();
    await countersAre(page, {Adults: 1, Children: 3, Dogs: 2});
    await assertNotReloaded(page);
    assertFlawless(page, serverAway);
});

test('Start over creates new counters that work', async t => {
    const {page} = await visit(t, '/multi-counter');
    await plus(page, 'Adults').click();
    await countersAre(page, {Adults: 1, Children: 2, Dogs: 0});
    await button(page, 'Start over').dblclick();
    await page.locator('.htmx-request').waitFor({state: 'detached'}); // the second click creates new counters too
    await countersAre(page, {Adults: 0, Children: 2, Dogs: 0});
    await plus(page, 'Adults').click();
    await countersAre(page, {Adults: 1, Children: 2, Dogs: 0});
    assertFlawless(page);
});
