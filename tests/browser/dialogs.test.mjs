import assert from 'node:assert/strict';
import {test} from 'node:test';
import {assertFlawless, button, eventually, heading, serverAway, visit} from './support.mjs';

const dialog = (page, name) => page.getByRole('dialog', {name});
const hasFocus = locator => eventually(async () =>
    assert.ok(await locator.evaluate(element => element === document.activeElement), 'the focus is there'));

const answered = async (page, ...answers) => {
    await heading(page, 'Dialogs').waitFor();
    await eventually(async () => assert.deepEqual(await page.getByRole('definition').allTextContents(), answers));
};

test('four dialogs are answered in sequence across a restart', async t => {
    const {gallery, page} = await visit(t, '/dialogs');
    await button(page, 'Begin').click();
    await hasFocus(dialog(page, 'Would you like something to drink?').getByRole('button', {name: 'No'}));
    await button(page, 'Yes').dblclick();

    const name = page.getByLabel('What is your name?').and(page.getByRole('textbox'));
    await hasFocus(name);
    await gallery.restart();
    await name.fill('Ada');
    await page.keyboard.press('Enter');

    await hasFocus(dialog(page, 'What would you like?').getByRole('button', {name: 'Tea'}));
    await button(page, 'Orange juice').click();
    await dialog(page, 'Your drink is on its way.').waitFor();
    await page.keyboard.press('Enter');

    await answered(page, 'yes', '“Ada”', '“Juice”');
    await page.reload();
    await answered(page, 'yes', '“Ada”', '“Juice”');
    assertFlawless(page, serverAway);
});

test('Escape cancels every dialog and Back returns to a dialog', async t => {
    const {page} = await visit(t, '/dialogs');
    await button(page, 'Begin').click();
    for (const question of ['Would you like something to drink?', 'What is your name?', 'What would you like?', 'Another time, then.']) {
        await dialog(page, question).waitFor();
        await eventually(async () => assert.ok(await dialog(page, question).evaluate(element => element.contains(document.activeElement))));
        await page.keyboard.press('Escape');
    }
    await answered(page, 'no', 'cancelled', 'cancelled');

    await page.goBack();
    await dialog(page, 'Another time, then.').waitFor();
    await page.goBack();
    await button(page, 'Coffee').click();
    await button(page, 'OK').click();
    await answered(page, 'no', 'cancelled', '“Coffee”');
    assertFlawless(page);
});
