import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const column = (page, name) => page.getByRole('columnheader', {name});

const sorted = (page, name, order, ...products) => eventually(async () => {
    const rows = await page.getByRole('rowheader').allTextContents();
    assert.deepEqual(rows, [...products, 'Total']);
    assert.equal(await column(page, name).getAttribute('aria-sort'), order);
});

test('a click on a heading sorts the table and a second click reverses the order', async t => {
    const {gallery, page} = await visit(t, '/table-report');
    await sorted(page, 'Product', 'ascending', 'Flower pot', 'Garden hose', 'Spade', 'Watering can', 'Wheelbarrow');
    await button(page, 'Revenue').click();
    await sorted(page, 'Revenue', 'ascending', 'Wheelbarrow', 'Flower pot', 'Watering can', 'Garden hose', 'Spade');
    await gallery.restart();
    await button(page, 'Revenue').click();
    await sorted(page, 'Revenue', 'descending', 'Spade', 'Garden hose', 'Watering can', 'Flower pot', 'Wheelbarrow');
    assert.equal(await column(page, 'Product').getAttribute('aria-sort'), null);

    await button(page, 'Sold').dblclick();
    await sorted(page, 'Sold', 'descending', 'Flower pot', 'Watering can', 'Spade', 'Garden hose', 'Wheelbarrow');
    await page.reload();
    await sorted(page, 'Sold', 'descending', 'Flower pot', 'Watering can', 'Spade', 'Garden hose', 'Wheelbarrow');
    await page.getByRole('row', {name: 'Total 222 €4207'}).waitFor();
    assertFlawless(page, serverAway);
});
