import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, serverAway, visit} from './support.mjs';

const trail = (page, ...names) => eventually(async () =>
    assert.deepEqual(await page.getByRole('navigation', {name: 'Breadcrumb'}).getByRole('listitem').allTextContents(), names));

test('a breadcrumb shows the path and leads back along it', async t => {
    const {gallery, page} = await visit(t, '/breadcrumb');
    await trail(page, 'Garden shop');
    await button(page, 'Plants').click();
    await button(page, 'Bulbs').dblclick(); // the second click meets another page
    await trail(page, 'Garden shop', 'Plants', 'Bulbs');
    await gallery.restart();
    await button(page, 'Tulips').click();
    await heading(page, 'Tulips').waitFor();
    await page.reload();
    await trail(page, 'Garden shop', 'Plants', 'Bulbs', 'Tulips');

    await button(page, 'Plants').click();
    await trail(page, 'Garden shop', 'Plants');
    await heading(page, 'Plants').waitFor();
    await button(page, 'Garden shop').click();
    await trail(page, 'Garden shop');
    await button(page, 'Tools').waitFor();
    assertFlawless(page, serverAway);
});
