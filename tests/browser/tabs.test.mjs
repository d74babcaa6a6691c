import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, serverAway, visit} from './support.mjs';

const tab = (page, name) => page.getByRole('tab', {name, exact: true});
const panel = (page, name) => page.getByRole('tabpanel', {name, exact: true});
const note = page => page.getByLabel('Your note');

const counts = (page, number) => eventually(async () =>
    assert.equal(await panel(page, 'Counter').locator('output').textContent(), String(number)));

test('each tab keeps its content across a reload and a restart', async t => {
    const {gallery, page} = await visit(t, '/tabs');
    await button(page, '+').click();
    await counts(page, 1);
    await tab(page, 'Notepad').click();
    await note(page).fill('Buy milk');
    await tab(page, 'Order').dblclick();
    await button(page, 'Choose a drink').click();
    await page.getByRole('dialog', {name: 'What would you like?'}).waitFor();

    await tab(page, 'Counter').click();
    await counts(page, 1);
    await tab(page, 'Notepad').click();
    await eventually(async () => assert.equal(await note(page).inputValue(), 'Buy milk'));
    await page.reload();
    await eventually(async () => assert.equal(await note(page).inputValue(), 'Buy milk'));

    await gallery.restart();
    await tab(page, 'Order').click();
    await button(page, 'Tea').click();
    await panel(page, 'Order').getByText('On its way: Tea.').waitFor();
    assertFlawless(page, serverAway);
});

test('the arrow keys move from tab to tab', async t => {
    const {page} = await visit(t, '/tabs');
    await tab(page, 'Counter').focus();
    const isSelected = name => eventually(async () => {
        assert.equal(await tab(page, name).getAttribute('aria-selected'), 'true');
        assert.ok(await tab(page, name).evaluate(element => element === document.activeElement), `${name} has the focus`);
    });
    await page.keyboard.press('ArrowRight');
    await isSelected('Notepad');
    await page.keyboard.press('ArrowLeft');
    await isSelected('Counter');
    await page.keyboard.press('ArrowLeft');
    await isSelected('Order');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', {name: 'What would you like?'}).waitFor();
    assertFlawless(page);
});
