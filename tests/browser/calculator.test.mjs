import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const display = page => page.getByRole('status', {name: 'Result'});
const shows = (page, text) => eventually(async () => assert.equal(await display(page).textContent(), text));

test('the calculator computes with mouse clicks', async t => {
    const {page} = await visit(t, '/calculator');
    for (const name of ['1', '2', 'Times', '3', 'Equals']) await button(page, name).click();
    await shows(page, '36');
    await button(page, '4').dblclick();
    await shows(page, '44');
    await button(page, 'Clear').click();
    await shows(page, '0');
    assertFlawless(page);
});

test('the calculator computes with fast typing across a reload and a restart', async t => {
    const {gallery, page} = await visit(t, '/calculator');
    await display(page).waitFor();
    await page.keyboard.type('1234567890');
    await shows(page, '1234567890');
    await page.keyboard.press('Escape');
    await page.keyboard.type('10.5/3');
    await page.keyboard.press('Enter');
    await shows(page, '3.5');

    await page.reload();
    await shows(page, '3.5');
    await gallery.restart();
    await page.keyboard.type('*22');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('=');
    await shows(page, '7');

    // With the focus on a button, Enter still means equals, and Space presses the button.
    await button(page, 'Plus').click();
    await button(page, '5').focus();
    await page.keyboard.press('Space');
    await shows(page, '5');
    await page.keyboard.press('Enter');
    await shows(page, '12');
    assertFlawless(page, serverAway);
});
