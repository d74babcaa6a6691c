import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const shows = (page, first, last, at) => eventually(async () => {
    const rows = await page.getByRole('row').filter({hasText: 'Invoice'}).getByRole('cell').filter({hasText: 'Invoice'}).allTextContents();
    assert.equal(rows.length, 10);
    assert.equal(rows[0], `Invoice ${first}`);
    assert.equal(rows[9], `Invoice ${last}`);
    await page.getByText(`Page ${at} of 10`).waitFor();
});

test('Next and Previous and page numbers open the pages of a list', async t => {
    const {gallery, page} = await visit(t, '/paginated-list');
    await shows(page, 1, 10, 1);
    assert.ok(await button(page, 'Previous').isDisabled());
    await button(page, 'Next').click();
    await shows(page, 11, 20, 2);
    await gallery.restart();
    await button(page, '10').click();
    await shows(page, 91, 100, 10);
    assert.ok(await button(page, 'Next').isDisabled());
    await button(page, 'Previous').click();
    await shows(page, 81, 90, 9);
    await page.reload();
    await shows(page, 81, 90, 9);
    await button(page, 'Next').dblclick(); // there is only one more page
    await shows(page, 91, 100, 10);
    assertFlawless(page, serverAway);
});
