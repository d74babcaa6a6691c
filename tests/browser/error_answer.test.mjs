import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, serverAway, visit} from './support.mjs';

test('a failed payment is reported to its caller and can be tried again', async t => {
    const {gallery, page} = await visit(t, '/error-answer');
    await button(page, 'Check out').click();
    await heading(page, 'Pay €48').waitFor();
    await button(page, 'A blocked card').dblclick();
    await page.getByText('Your bank has declined the card. The tickets are kept for you.').waitFor();
    await eventually(() => assert.ok(gallery.log.includes('bank answered code 57')));

    await gallery.restart();
    await button(page, 'Check out').click();
    await button(page, 'A good card').click();
    await page.getByText('Thank you: the tickets are yours.').waitFor();
    await page.reload();
    await page.getByText('Thank you: the tickets are yours.').waitFor();
    assertFlawless(page, serverAway);
});
