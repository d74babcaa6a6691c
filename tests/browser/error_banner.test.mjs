import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const stock = (page, ...numbers) => eventually(async () =>
    assert.deepEqual(await page.getByRole('definition').allTextContents(), numbers));

test('a handler that throws shows a message with an id of the log and changes nothing', async t => {
    const {gallery, page} = await visit(t, '/error-banner');
    await button(page, 'Sell one').click();
    await stock(page, '11', '1');

    await button(page, 'Sell one with a bug').click();
    const message = page.getByRole('alert');
    await message.waitFor();
    await stock(page, '11', '1');
    const text = await message.textContent();
    const [, id] = text.match(/Error (\S+)$/);
    await eventually(() => {
        assert.ok(gallery.log.includes(id), `the log contains ${id}`);
        assert.ok(gallery.log.includes('the till is on fire'));
    });
    assert.ok(!text.includes('the till is on fire'));

    await button(page, 'Sell one').click();
    await stock(page, '10', '2');
    await message.waitFor({state: 'hidden'});
    await button(page, 'Sell one with a bug').dblclick();
    await message.waitFor();
    await gallery.restart();
    await page.reload();
    await stock(page, '10', '2');
    assertFlawless(page, serverAway);
});
